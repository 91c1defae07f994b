"use strict";
document.documentElement.classList.add("js");
for (const button of document.querySelectorAll("button.all"))
  button.addEventListener("click", () => {
    const every = button.closest("p").previousElementSibling.closest("div") ?? button.closest("p").previousElementSibling;
    const on = every.querySelector("table").classList.toggle("every");
    button.setAttribute("aria-expanded", on);
    button.textContent = on ? "Show fewer columns" : "Show all columns";
  });
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const value = (row, j) => { const c = row.cells[j]; return c.dataset.v === undefined ? c.textContent.trim() : c.dataset.v; };
  heads.forEach((head, j) => head.firstElementChild.addEventListener("click", () => {
    const number = head.classList.contains("num"), before = head.getAttribute("aria-sort");
    const down = before ? before === "ascending" : number;
    heads.forEach(h => h.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const real = s => s === "inf" ? Infinity : s === "-inf" ? -Infinity : Number(s);
    const rows = [...body.rows].sort((a, b) => {
      const x = value(a, j), y = value(b, j);
      if (number && (x === "" || y === "")) return (x === "") - (y === "");
      const order = number ? Math.sign(real(x) - real(y)) || 0 : x.localeCompare(y, "en", { numeric: true });
      return down ? -order : order;
    });
    body.append(...rows);
  }));
}

// ---- rows that hold a text ----
const MANY_ROWS = 6;
for (const table of document.querySelectorAll("table.sortable")) {
  if (table.tBodies[0].rows.length < MANY_ROWS) continue;
  const box = document.createElement("input");
  box.type = "search"; box.className = "filter"; box.placeholder = "Show rows with …";
  box.setAttribute("aria-label", "Show only rows that hold this text");
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(w => text.includes(w));
    }
  });
  table.closest(".scroll").before(box);
}

// ---- what stands at a number or a point ----
const tip = document.getElementById("tip");
let pinned = false;
function line(text, tag) {
  const p = document.createElement(tag || "p");
  p.textContent = text;
  tip.append(p);
}
function place(left, bottom) {
  tip.hidden = false;
  const room = document.documentElement.clientWidth;
  tip.style.left = Math.max(8, Math.min(left, room - tip.offsetWidth - 8)) + scrollX + "px";
  tip.style.top = bottom + 6 + scrollY + "px";
}
function show(cell) {
  const group = document.getElementById(cell.hash.slice(1));
  tip.replaceChildren();
  line(group.querySelector("summary").textContent, "b");
  line(cell.textContent.trim());
  for (const row of group.querySelectorAll("tbody tr")) {
    line([...row.cells].filter((c, j) => j !== 1).map(c => c.textContent).join("  "));
    const record = row.querySelector("a");
    if (record) tip.lastChild.append(" ", Object.assign(record.cloneNode(), { textContent: "record" }));
  }
  const dt = [...group.querySelectorAll("dt")].find(d => d.textContent === "chosen");
  if (dt) line("chosen: " + dt.nextElementSibling.textContent);
  const link = document.createElement("a");
  link.href = cell.hash; link.textContent = "config and trials";
  tip.append(link);
  const box = cell.getBoundingClientRect();
  place(box.left, box.bottom);
}
function hide() { tip.hidden = true; pinned = false; }
for (const cell of document.querySelectorAll("a.cell")) {
  cell.addEventListener("mouseenter", () => { if (!pinned) show(cell); });
  cell.addEventListener("mouseleave", () => { if (!pinned) hide(); });
  cell.addEventListener("focus", () => { if (!pinned) show(cell); });
  cell.addEventListener("click", event => { event.preventDefault(); show(cell); pinned = true; });
}
document.addEventListener("click", event => { if (!event.target.closest("#tip, a.cell")) hide(); });
document.addEventListener("keydown", event => { if (event.key === "Escape") hide(); });

// ---- figures: the nearest point tells what it is, and its series stands out ----
const REACH = 26;                                       // pixels
for (const svg of document.querySelectorAll("svg[data-marks]")) {
  const marks = JSON.parse(svg.dataset.marks), parts = [...svg.querySelectorAll("[data-s]")];
  const leave = () => {
    svg.classList.remove("pointed");
    for (const p of parts) p.classList.remove("on");
    if (!pinned) tip.hidden = true;
  };
  svg.addEventListener("pointermove", event => {
    if (pinned) return;
    const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
    let best = null, least = REACH;
    for (const mark of marks) {
      if (hidden.has(mark[2])) continue;
      const far = Math.hypot(event.clientX - box.left - mark[0] * scale, event.clientY - box.top - mark[1] * scale);
      if (far < least) { least = far; best = mark; }
    }
    if (!best) { leave(); return; }
    svg.classList.toggle("pointed", best[2] !== "");
    for (const p of parts) p.classList.toggle("on", p.dataset.s === best[2]);
    tip.replaceChildren();
    if (best[2]) line(best[2], "b");
    line(best[3]);
    place(box.left + best[0] * scale, box.top + best[1] * scale);
  });
  svg.addEventListener("pointerleave", leave);
}

// ---- which series are drawn, in all figures alike ----
const hidden = new Set();
const chips = [];
function choose() {
  for (const p of document.querySelectorAll("svg [data-s]")) p.classList.toggle("off", hidden.has(p.dataset.s));
  for (const [name, chip] of chips) chip.setAttribute("aria-pressed", !hidden.has(name));
}
for (const cards of document.querySelectorAll(".cards")) {
  const first = new Map();
  for (const p of cards.querySelectorAll("svg [data-s]")) {
    const stroke = [...p.querySelectorAll("path, use")].find(e => e.style.stroke && e.style.stroke !== "none");
    if (!first.get(p.dataset.s)) first.set(p.dataset.s, stroke);
  }
  if (first.size < 2) continue;
  const row = document.createElement("div");
  row.className = "chips"; row.setAttribute("role", "group"); row.setAttribute("aria-label", "Series that are drawn");
  for (const [name, part] of first) {
    const chip = document.createElement("button"), swatch = document.createElement("i");
    chip.type = "button";
    swatch.style.borderTopColor = part?.style.stroke ?? "";
    swatch.style.borderTopStyle = part?.style.strokeDasharray ? "dashed" : "solid";
    chip.append(swatch, name);
    chip.addEventListener("click", () => { if (!hidden.delete(name)) hidden.add(name); choose(); });
    chips.push([name, chip]);
    row.append(chip);
  }
  const only = document.createElement("button");
  only.type = "button"; only.textContent = "all / none"; only.className = "every";
  only.addEventListener("click", () => {
    const some = [...first.keys()].some(name => hidden.has(name));
    for (const name of first.keys()) if (some) hidden.delete(name); else hidden.add(name);
    choose();
  });
  row.append(only);
  cards.before(row);
}
choose();

function openTarget() {
  const at = location.hash && document.getElementById(location.hash.slice(1));
  for (let e = at; e; e = e.parentElement) if (e.tagName === "DETAILS") { hide(); e.open = true; }
  if (at && at.nextElementSibling?.tagName === "DETAILS") at.nextElementSibling.open = true;
  if (at) at.scrollIntoView();
}
addEventListener("hashchange", openTarget);
openTarget();
addEventListener("beforeprint", () => document.querySelectorAll("main > details, article > details").forEach(d => { d.open = true; }));
