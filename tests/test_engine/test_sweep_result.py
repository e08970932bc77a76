"""What a row of a sweep says, for metrics that not every set can give."""

from mmengine.evaluator import BaseMetric, Evaluator

from mmchanpos.engine.sweep_result import SweepResult
from mmchanpos.latent import Ablation


class CityPersonsMissRate(BaseMetric):
    """Goes by the name of ours and says what it is told."""

    def process(self, data_batch, data_samples):
        pass

    def compute_metrics(self, results):
        return dict(MR_All=40.0, MR_Heavy=-100.0, AP_All=float('inf'))


def test_a_setup_without_people_has_no_score():
    evaluator = Evaluator([CityPersonsMissRate(collect_device='cpu')])
    result = SweepResult([Ablation(top=0)], [evaluator], examples=0)
    result.evaluators[0].metrics[0].results = [0]
    result.places, result.names = [0], ['a.png']
    result.evaluate(1)
    (row,) = result.rows
    assert row['kind'] == 'none'
    assert row['scores'] == {'All': 40.0, 'Heavy': None}
    assert row['metrics']['AP_All'] is None
