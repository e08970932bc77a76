from mmchanpos.report.probe_section import probe_section


def test_table_and_figure_hold_every_layer():
    rows = [
        dict(net=net, layer=layer, readout=kind, accuracy=[10.0 * i + 1, 12.0])
        for net in ('probed', 'random')
        for i, layer in enumerate(('backbone.layer1', 'backbone.layer2'))
        for kind in ('gapnet', 'permutenet')
    ]
    section = probe_section(
        dict(
            rows=rows,
            layers=['backbone.layer1', 'backbone.layer2'],
            grid=3,
            chance=100 / 9,
        )
    )
    (table,), (figure,) = section.tables, section.figures
    assert table.columns == ['read-out', 'backbone.layer1', 'backbone.layer2']
    assert len(table.rows) == 4
    assert [c.value for c in table.rows[0][1:]] == [6.5, 11.5]
    assert len(figure.data.rows) == 8
    assert '11.1 %' in ' '.join(section.sentences)
