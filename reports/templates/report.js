"use strict";
// Language, filter and sort. The page reads in full without any of this.
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (css, from = document) => [...from.querySelectorAll(css)];
  const form = document.querySelector(".filter");

  const setLanguage = (id) => { document.documentElement.lang = id === "lang-zh" ? "zh-CN" : "en"; };
  for (const radio of all("input[name=lang]")) {
    radio.addEventListener("change", () => {
      setLanguage(radio.id);
      try { localStorage.setItem("recon-lang", radio.id); } catch { /* private window: not remembered */ }
    });
  }
  try {
    const saved = byId(localStorage.getItem("recon-lang") || "");
    if (saved && saved.name === "lang") { saved.checked = true; setLanguage(saved.id); }
  } catch { /* as above */ }

  addEventListener("beforeprint", () => all("details.group").forEach((group) => { group.open = true; }));
  if (!form) return;

  const rows = all("details.group").flatMap((group) => all("tbody tr", group).map((row) => ({
    row, group, text: (group.querySelector("summary").textContent + " " + row.textContent).toLowerCase(),
  })));

  const filter = () => {
    const words = byId("f-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const type = byId("f-type").value, severity = byId("f-severity").value;
    const shown = new Map();
    let count = 0;
    for (const { row, group, text } of rows) {
      const fits = words.every((word) => text.includes(word))
        && (!type || group.dataset.type === type) && (!severity || row.dataset.severity === severity);
      row.hidden = !fits;
      count += fits;
      shown.set(group, shown.get(group) || fits);
    }
    const idle = !words.length && !type && !severity;
    for (const group of all("details.group")) group.hidden = !idle && !shown.get(group);
    byId("f-count").textContent = idle ? "" : `${count} / ${rows.length}`;
  };

  const compare = (column, sign) => (a, b) => {
    const left = a.cells[column].dataset.v, right = b.cells[column].dataset.v;
    return sign * (column === 0 ? left - right : left.localeCompare(right, undefined, { numeric: true }));
  };
  const sort = (header) => {
    const table = header.closest("table"), column = header.cellIndex;
    const down = header.getAttribute("aria-sort") === "ascending";
    all("th", table.tHead).forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare(column, down ? -1 : 1)));
  };
  for (const header of all("table.exc:not(.solo) thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header));
    header.append(button);
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
})();
