"""The page is whole in itself and shows everything that it was given."""

from html.parser import HTMLParser

import pytest

from mmchanpos.report import Number, Page, Section, Table, curves, provenance


class Reader(HTMLParser):
    """Collects what is linked, and checks that tags are closed in order."""

    VOID = {'meta', 'link', 'img', 'br', 'hr', 'input'}

    def __init__(self, page):
        super().__init__()
        self.links, self.open, self.texts, self.tags = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [v for k, v in attrs if k in ('src', 'href')]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture
def sections():
    figure = curves('c', {'overall': ([0, 1], [2, 1])}, 'N', 'mIoU')
    figure.caption = 'It falls & falls.'
    table = Table('Numbers', ['net', 'top-1'])
    table.add('<GAPNet>', Number(99, paper=100))
    first = Section(
        'Where?',
        ['A < B & "so on".'],
        [figure],
        [table],
        'python tools/x.py --a "b"',
        [provenance(config='my config', seeds='0, 1')],
    )
    return [first, Section('Why?', ['Because.'])]


def test_nothing_is_fetched_and_nothing_is_lost(sections):
    reader = Reader(Page('What nets know', ['Lead.'], sections).html())
    assert not reader.open
    assert all(x.startswith(('data:', '#')) for x in reader.links)
    text = ' '.join(reader.texts)
    for said in (
        'What nets know',
        'Lead.',
        'A < B & "so on".',
        'It falls & falls.',
        '<GAPNet>',
        '99.0 (paper 100.0)',
        'python tools/x.py --a "b"',
        'my config',
        'Because.',
    ):
        assert said in text
    assert reader.tags.count('img') == 1
    assert [x for x in reader.links if x.startswith('#')] == ['#s1', '#s2']


def test_a_single_section_needs_no_contents(sections):
    reader = Reader(Page('x', sections=sections[:1]).html())
    assert 'nav' not in reader.tags


def test_a_section_named_as_its_page_is_not_named_twice(sections):
    page = Page(sections[0].title, sections=sections).html()
    assert page.count('<h2>') == len(sections) - 1
    assert f'<h2>{sections[0].title}' not in page


def test_a_section_is_saved_with_all_it_holds(sections, tmp_path):
    sections[0].save(tmp_path)
    names = {p.name for p in tmp_path.iterdir()}
    assert {'results.md', 'results.json', 'table-1.csv', 'c.png'} <= names
    assert '## Where?' in (tmp_path / 'results.md').read_text()


def test_provenance_names_versions_and_machine():
    rows = dict(provenance(checkpoint_sha256='ab', torch='2.9.1').rows)
    assert rows['checkpoint sha256'] == 'ab'
    assert rows['torch'] == '2.9.1'
    assert rows['mmchanpos'][0].isdigit()
    assert 'cores' in rows['machine'] or ' x ' in rows['machine']


def test_markdown_holds_no_tag_or_link_of_a_users_name():
    name = '<script>x()</script> ![b](http://c) | d'
    table = Table(name, ['kind', name], note=name)
    table.add(name, 1)
    section = Section(
        name, [name, 'p < .05, 1 <= 2'], tables=[table], remarks=[name]
    )
    text = section.markdown().replace(r'\](', '')
    assert not [part for part in ('<s', '</', '](') if part in text]
    assert text.count('&lt;script>') == 7
    assert 'p < .05, 1 <= 2' in text
    section.command = 'python x.py "```\n<b>"'
    assert section.markdown().count('```') == 2
