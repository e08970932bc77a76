"""What a row of a sweep says, for metrics that not every set can give."""

from mmengine.evaluator import Evaluator

from mmchanpos.engine.sweep.examples import Examples
from mmchanpos.engine.sweep.result import SweepResult
from mmchanpos.evaluation import CityPersonsMissRate
from mmchanpos.evaluation.measured import measured
from mmchanpos.latent import Ablation
from mmchanpos.latent.atlas import AtlasMaker


class Told(CityPersonsMissRate):
    """Says what it is told; a subclass is of the same direction."""

    def compute_metrics(self, results):
        return dict(MR_All=40.0, MR_Heavy=-100.0, AP_All=float('inf'))


def test_a_setup_without_people_has_no_score():
    metric = Told()
    subject = measured(metric)
    plan = [Ablation(top=0)]
    examples = Examples(plan, 0, bgr=True)
    result = SweepResult(
        plan, [Evaluator([metric])], subject, examples, AtlasMaker([])
    )
    metric.results = [0]
    result.places, result.names = [0], ['a.png']
    result.evaluate(1)
    (row,) = result.rows
    assert row.kind == 'none'
    assert row.scores == {'All': 40.0, 'Heavy': None}
    assert row.metrics['citypersons/AP_All'] is None
    assert subject.lower_is_better
