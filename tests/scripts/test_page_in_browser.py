"""The page in Chromium, headless: at desktop and phone width nothing overflows, a heading sorts, a number shows its trials, the console is
silent, nothing is asked of the network, and it prints. LOSSBENCH_SHOTS=DIR keeps the pictures."""
import contextlib
import io
import json
import os
import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
for program in ("chromium", "chromedriver"):
    if not shutil.which(program):
        raise unittest.SkipTest("%s is not installed (Debian: chromium, chromium-driver)" % program)
from report_fixture import ODD, Case, aggregate, made  # noqa: E402
from webdriver import Browser  # noqa: E402

OVERFLOW = """
const wide = document.documentElement.scrollWidth > innerWidth ? ["page " + document.documentElement.scrollWidth] : [];
for (const e of document.querySelectorAll("main *, header *")) {
  const box = e.getBoundingClientRect();
  if (box.width && box.right > innerWidth + 1 && !e.closest(".scroll, pre, svg")) wide.push(e.tagName + " " + e.className + " " + Math.round(box.right));
}
return wide;"""
COLUMN = """const [id, j] = arguments;
return [...document.querySelectorAll("#" + id + " tbody tr")].map(r => r.cells[j].dataset.v ?? r.cells[j].textContent.trim());"""

# Texts whose contrast with the nearest opaque ground is below 4.5, and how many texts there are.
CONTRAST = """
const parse = c => c.match(/[\\d.]+/g).map(Number);
const lum = c => { const v = c.slice(0, 3).map(x => x / 255).map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0.5) return c; } };
const low = []; let n = 0;
for (const e of document.querySelectorAll("body *")) {
  if (!e.checkVisibility() || e.closest("script") || ![...e.childNodes].some(c => c.nodeType === 3 && c.textContent.trim())) continue;
  const style = getComputedStyle(e), svg = e.closest("svg");
  const a = lum(parse(svg ? style.fill : style.color)), b = lum(ground(svg ? svg.parentElement : e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  n++;
  if (ratio < 4.5) low.push(e.tagName + " " + e.className + " " + e.textContent.trim().slice(0, 20) + " " + ratio.toFixed(2));
}
return [low, n];"""
LINES = """
const parse = c => c.match(/[\\d.]+/g).map(Number);
const lum = c => { const v = c.slice(0, 3).map(x => x / 255).map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
const out = {}, paper = lum(parse(getComputedStyle(document.body).backgroundColor));
for (const e of document.querySelectorAll("svg [data-s] path")) {
  const c = getComputedStyle(e).stroke;
  if (c === "none") continue;
  const l = lum(parse(c));
  out[c] = (Math.max(l, paper) + 0.05) / (Math.min(l, paper) + 0.05);
}
return out;"""
# Of each figure that has forms for several widths: its description, forms shown, its share of its row, and its smallest text.
FIGURES = """
return [...document.querySelectorAll(".ones figure, .halves figure, .thirds figure")].map(f => {
  const shown = [...f.querySelectorAll("svg")].filter(s => s.getBoundingClientRect().width > 0), box = shown[0].getBoundingClientRect();
  const row = [...f.parentElement.children].filter(g => Math.abs(g.getBoundingClientRect().top - f.getBoundingClientRect().top) < 5);
  const columns = getComputedStyle(f.parentElement).gridTemplateColumns.split(" ").length;
  const wide = f.parentElement.getBoundingClientRect().width, scale = box.width / shown[0].viewBox.baseVal.width;
  const sizes = [...shown[0].querySelectorAll("text")].map(t => parseFloat(t.style.fontSize) * scale);
  return [shown[0].getAttribute("aria-label").slice(0, 40), shown.length, box.width * columns / wide, Math.min(...sizes)];
});"""
POINT = """
const svg = [...document.querySelectorAll("#answer svg")].find(s => s.getBoundingClientRect().width > 0);
scrollTo(0, 0);
const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width, m = JSON.parse(svg.dataset.marks)[0];
return [m[2], m[3], box.left + m[0] * scale, box.top + m[1] * scale];"""


class InBrowser(Case):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.usual(seeds=3, rates=(0, 0.3))
        for seed in (1, 2, 3):
            self.store(made("a_loss_with_a_very_long_name_indeed", seed, 0, status="diverged"),
                       made("a_loss_with_a_very_long_name_indeed", seed, 0.55, corrupt__labels__rate=0.3, optimizer__name=ODD))
        for path in (self.root / "trials").glob("*.json"):
            falling = json.loads(path.read_text())
            if falling["config"]["loss"]["name"] == "mae":
                falling["result"]["curves"]["train.loss"] = [1 - e / 20 for e in range(10)]
                self.store(falling)
        self.file = self.root / "page.html"
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(aggregate.main([str(self.root), "--format", "html", "--out", str(self.file)]), 0)
        self.browser.scheme("light")

    def show(self, width, height, phone=False):
        self.browser.size(width, height, phone)
        self.browser.requests()
        self.browser.open(self.file.as_uri())

    def keep(self, name):
        if os.environ.get("LOSSBENCH_SHOTS"):
            self.browser.picture(os.path.join(os.environ["LOSSBENCH_SHOTS"], name + ".png"))

    def quiet(self):
        self.assertEqual(self.browser.console(), [])
        self.assertEqual({u for u in self.browser.requests() if not u.startswith("data:")}, {self.file.as_uri()})

    def test_nothing_overflows(self):
        for name, width, height, phone in (("desktop", 1300, 900, False), ("tablet", 800, 900, False), ("phone", 390, 844, True), ("narrow", 320, 640, True)):
            for scheme in ("light", "dark"):
                self.browser.scheme(scheme)
                self.show(width, height, phone)
                self.browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                self.assertEqual(self.browser.run(OVERFLOW), [], "%s, %s" % (name, scheme))
                self.keep(name + "-" + scheme)
                self.quiet()

    def test_the_answer_is_on_the_first_screen(self):
        for width, height, phone, parts in ((1280, 900, False, ("nav", ".question", ".headline", "#answer svg")),
                                            (390, 844, True, ("nav", ".question", ".headline"))):
            self.show(width, height, phone)
            for part in parts:
                box = self.browser.run("const b = document.querySelector(arguments[0]).getBoundingClientRect(); return [b.top, b.bottom]", part)
                self.assertLess(box[0] if part == "#answer svg" else box[1], height, part)
            self.assertIn("better than ce", self.browser.run("return document.querySelector('.headline').textContent"))

    def test_contents_lead_to_their_sections(self):
        self.show(1280, 900)
        for target in self.browser.run("return [...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))"):
            self.browser.run("location.hash = arguments[0]", target)
            self.assertTrue(self.browser.run("return !!document.getElementById(arguments[0])", target), target)
        self.browser.run("document.querySelector('nav a[href=\"#read\"]').click()")
        self.assertTrue(self.browser.run("return document.querySelector('#read + details').open"), "a fold opens when it is gone to")

    def test_further_columns_are_shown_on_request(self):
        self.show(1280, 900)
        self.browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        shown = "return [...document.querySelectorAll('[data-sheet=pairs] thead th')].filter(c => c.offsetWidth).map(c => c.textContent)"
        few = self.browser.run(shown)
        self.assertEqual(few, ["loss", "condition", "difference [95 % interval]", "verdict", "p Holm"])
        self.browser.run("document.querySelector('#pairs ~ details button.all').click()")
        self.assertIn("P(better)", self.browser.run(shown))
        self.assertEqual(self.browser.run("return document.querySelector('button.all').getAttribute('aria-expanded')"), "true")
        self.browser.run("document.querySelector('#pairs ~ details button.all').click()")
        self.assertEqual(self.browser.run(shown), few)

    def test_headings_sort(self):
        self.show(1280, 900)
        before = self.browser.run(COLUMN, "main", 0)
        click = "document.querySelectorAll('#main thead button')[arguments[0]].click()"
        self.browser.run(click, 1)
        values = self.browser.run(COLUMN, "main", 1)
        self.assertEqual(values[-1], "", "what has no number stands last")
        numbers = [float(v) for v in values[:-1]]
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        self.assertEqual(self.browser.run("return document.querySelectorAll('#main thead th')[1].ariaSort"), "descending")
        self.browser.run(click, 1)
        values = self.browser.run(COLUMN, "main", 1)
        self.assertEqual([float(v) for v in values[:-1]], sorted(numbers))
        self.assertEqual(values[-1], "")
        self.browser.run(click, 0)
        self.assertEqual(self.browser.run(COLUMN, "main", 0), sorted(before))
        self.quiet()

    def test_a_number_shows_its_trials(self):
        for width, height, phone in ((1280, 900, False), (390, 844, True)):
            self.show(width, height, phone)
            self.assertTrue(self.browser.run("return document.getElementById('tip').hidden"))
            self.browser.run("document.querySelector('#main a.cell').click()")
            text = self.browser.run("return document.getElementById('tip').innerText")
            self.assertIn("config and trials", text)
            self.assertEqual(text.count(" ok "), 0 if "diverged" in text else 3, text)
            box = self.browser.run("const b = document.getElementById('tip').getBoundingClientRect(); return [b.left, b.right]")
            self.assertGreaterEqual(box[0], 0)
            self.assertLessEqual(box[1], width)
            self.keep("tip-%d" % width)
            self.browser.run("document.querySelector('#tip > a').click()")
            self.assertTrue(self.browser.run("return document.querySelector(location.hash).open"))
            self.browser.run("document.body.click()")
            self.assertTrue(self.browser.run("return document.getElementById('tip').hidden"))
            self.quiet()

    def test_names_stay_text(self):
        self.show(1280, 900)
        self.assertEqual(self.browser.run("return document.scripts.length"), 1)
        self.assertIn(ODD, self.browser.run("return document.body.textContent"))

    def test_contrast(self):
        """Every text against what lies behind it, by the formula of WCAG 2: at least 4.5 in both schemes; lines of figures at least 3."""
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme)
            self.show(1300, 900)
            self.browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            low, texts = self.browser.run(CONTRAST)
            self.assertEqual(low, [], scheme)
            self.assertGreater(texts, 300)
            lines = self.browser.run(LINES)
            self.assertGreater(len(lines), 3)
            self.assertGreaterEqual(min(lines.values()), 3, "%s: %s" % (scheme, lines))

    def test_figures_fill_the_page_and_can_be_read(self):
        """Of each figure one form is shown; a section's figures reach over the page's width, and no text in them is smaller than 9 pixels on a
        desktop and a phone."""
        for width, phone in ((1300, False), (800, False), (390, True)):
            self.show(width, 900, phone)
            found = self.browser.run(FIGURES)
            self.assertGreater(len(found), 4)
            for name, shown, share, least in found:
                self.assertEqual(shown, 1, (width, name))
                self.assertGreaterEqual(share, 0.93, (width, name))
                self.assertGreaterEqual(least, 8.5, (width, name))

    def test_a_point_tells_what_it_is(self):
        for width, phone in ((1300, False), (390, True)):
            self.show(width, 900, phone)
            name, text, x, y = self.browser.run(POINT)
            self.browser.run("arguments[0]; window.scrollTo(0, 0)", 0)
            self.browser.tell("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
            said = self.browser.run("const t = document.getElementById('tip'); return t.hidden ? '' : t.innerText")
            self.assertIn(name, said)
            self.assertIn(text, said)
            lit, other = self.browser.run("""const s = document.querySelector('svg.pointed'), of = e => getComputedStyle(e).opacity;
              return [of(s.querySelector('[data-s="' + arguments[0] + '"]')), of([...s.querySelectorAll('[data-s]')].find(e => e.dataset.s !== arguments[0]))];""", name)
            self.assertGreater(float(lit), float(other))
            self.browser.tell("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
            self.assertTrue(self.browser.run("return document.getElementById('tip').hidden && !document.querySelector('svg.pointed')"))
            self.quiet()

    def test_series_can_be_chosen(self):
        self.show(1300, 900)
        drawn = "return [...document.querySelectorAll('svg [data-s=mae]')].filter(e => getComputedStyle(e).display !== 'none').length"
        before = self.browser.run(drawn)
        self.assertGreater(before, 3)
        click = "[...document.querySelectorAll('.chips button')].find(b => b.textContent === arguments[0]).click()"
        self.browser.run(click, "mae")
        self.assertEqual(self.browser.run(drawn), 0, "in all figures")
        self.assertEqual(self.browser.run("return document.querySelectorAll('.chips button[aria-pressed=false]').length > 1"), True)
        self.browser.run(click, "mae")
        self.assertEqual(self.browser.run(drawn), before)
        self.quiet()

    def test_rows_can_be_filtered(self):
        self.show(1300, 900)
        shown = "return [...document.querySelectorAll('#whole tbody tr')].filter(r => !r.hidden).length"
        if not self.browser.run("return !!document.querySelector('#whole')?.closest('details').querySelector('.filter')"):
            self.fail("the table of all metrics has no filter")
        whole = self.browser.run(shown)
        write = """const f = document.querySelector('#whole').closest('details').querySelector('.filter');
          f.value = arguments[0]; f.dispatchEvent(new Event('input'));"""
        self.browser.run(write, "MAE")
        self.assertEqual(self.browser.run(shown), 2)
        self.browser.run(write, "mae nothing-like-it")
        self.assertEqual(self.browser.run(shown), 0)
        self.browser.run(write, "")
        self.assertEqual(self.browser.run(shown), whole)

    def test_without_scripts(self):
        """All that the page says is there, and nothing that only a script could do."""
        self.browser.tell("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(self.browser.tell, "Emulation.setScriptExecutionDisabled", value=False)
        self.show(1300, 900)
        tree = self.browser.tell("DOMSnapshot.captureSnapshot", computedStyles=[])
        texts = " ".join(tree["strings"][n] for d in tree["documents"] for n in d["layout"]["text"] if n >= 0)
        self.assertIn("gce is better than ce by", texts)
        for said in ("Show rows with", "Show all columns", "all / none", "click a number to see"):
            self.assertNotIn(said, texts)
        self.assertIn("P(better)", texts, "columns that a script would fold are shown")

    def test_several_studies(self):
        for loss, value in (("ce", 0.5), ("gce", 0.55)):
            for seed in (1, 2, 3):
                self.store(made(loss, seed, value + seed / 50 + (loss == "ce") / 200 * seed, study="another"))
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(aggregate.main([str(self.root), "--format", "html", "--out", str(self.file)]), 0)
        for width, phone in ((1300, False), (390, True)):
            self.show(width, 900, phone)
            self.assertEqual(self.browser.run(OVERFLOW), [], width)
            self.assertEqual(self.browser.run("return [...document.querySelectorAll('nav a')].map(a => a.textContent)"),
                             ["Overview", "another", "made", "How to read"])
            self.assertEqual(self.browser.run("return document.querySelectorAll('#overview .found b').length"), 2)
            self.browser.run("document.querySelector('#s2-main a.cell').click()")
            self.assertIn("config and trials", self.browser.run("return document.getElementById('tip').innerText"))
            self.quiet()

    def test_prints(self):
        self.show(1280, 900)
        target = self.root / "page.pdf"
        self.browser.pdf(target)
        self.assertTrue(target.read_bytes().startswith(b"%PDF-"))
        self.assertGreater(target.stat().st_size, 20000)


if __name__ == "__main__":
    unittest.main()
