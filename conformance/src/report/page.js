"use strict";
(() => {
  document.documentElement.classList.add("js");
  const form = document.querySelector("form.filter");
  const status = document.getElementById("shown");
  const rows = [...document.querySelectorAll("[data-kind]")];

  function filter() {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const { value: outcome } = form.elements.outcome;
    const { value: level } = form.elements.level;
    const count = { requirement: [0, 0], scenario: [0, 0] };
    for (const row of rows) {
      const { kind, outcome: own, level: of, text } = row.dataset;
      const fits = (!outcome || own === outcome) && (!level || of === level) && words.every((word) => text.includes(word));
      row.hidden = !fits;
      if (count[kind]) {
        count[kind][0] += fits;
        count[kind][1] += 1;
      }
    }
    for (const group of document.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("[data-kind]:not([hidden])");
    }
    const said = ([shown, all], what) => `${shown} of ${all} ${what}`;
    status.textContent = `${said(count.requirement, "requirements")} and ${said(count.scenario, "scenarios")} shown`;
  }

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) {
      form.reset();
      filter();
    }
    const details = target.querySelector("details");
    if (details) details.open = true;
    target.scrollIntoView();
  }

  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", reveal);
  filter();
  reveal();
})();
