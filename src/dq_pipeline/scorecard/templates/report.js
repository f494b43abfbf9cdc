"use strict";
// Decisions on pairs: made by click or key, kept in this browser, saved as the file that `dq review import` takes.
(() => {
  const section = document.getElementById("pairs");
  const cards = [...section.querySelectorAll("li[data-entity]")];
  if (!cards.length) return;
  const bar = document.getElementById("deciding");
  const said = document.getElementById("deciding-said");
  const who = document.getElementById("deciding-who");
  const shelf = "dq-decisions " + bar.dataset.run;
  const undone = [];

  const radios = card => [...card.querySelectorAll("input[type=radio]")];
  const why = card => card.querySelector("input[type=text]");
  const decided = card => card.dataset.judgement || "";
  const keyOf = card => [card.dataset.entity, card.dataset.left, card.dataset.right].join("\u001f");

  function keep() {
    const held = { who: who.value, pairs: {} };
    for (const card of cards) {
      if (decided(card) || why(card).value) held.pairs[keyOf(card)] = [decided(card), why(card).value, card.dataset.at || ""];
    }
    try { localStorage.setItem(shelf, JSON.stringify(held)); } catch { /* a browser that keeps nothing still saves the file */ }
  }
  function recall() {
    let held = null;
    try { held = JSON.parse(localStorage.getItem(shelf)); } catch { /* as if nothing had been kept */ }
    if (!held || !held.pairs) return;
    who.value = held.who || "";
    for (const card of cards) {
      const [judgement, reason, at] = held.pairs[keyOf(card)] || ["", "", ""];
      put(card, judgement, at);
      why(card).value = reason;
    }
  }
  function tell() {
    const done = cards.filter(decided).length;
    said.textContent = said.dataset.text.replace("{done}", done).replace("{all}", cards.length);
    bar.querySelector("progress").value = done;
    document.getElementById("deciding-save").disabled = !done;
    document.getElementById("deciding-undo").disabled = !undone.length;
    for (const card of cards) card.classList.toggle("decided", Boolean(decided(card)));
  }
  function put(card, judgement, at) {
    for (const radio of radios(card)) radio.checked = radio.value === judgement;
    card.dataset.judgement = judgement;
    card.dataset.at = at;
  }
  function decide(card, judgement) {
    undone.push([card, card.dataset.judgement || "", card.dataset.at || ""]);
    put(card, judgement, judgement ? new Date().toISOString().slice(0, 19) + "Z" : "");
    keep();
    tell();
  }
  function undo() {
    const last = undone.pop();
    if (!last) return;
    put(...last);
    keep();
    tell();
    go(last[0]);
  }
  function go(card) {
    if (!card) return;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "start", behavior: "instant" });
  }
  const here = () => cards.indexOf(document.activeElement && document.activeElement.closest("li[data-entity]"));

  // A cell that a spreadsheet would take for a formula gets an apostrophe; ids begin with their source's name.
  const cell = value => {
    const text = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
    return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  function save() {
    const lines = [["entity", "record_id_l", "record_id_r", "judgement", "decided_by", "decided_at", "why"]];
    for (const card of cards) {
      if (!decided(card)) continue;
      lines.push([card.dataset.entity, card.dataset.left, card.dataset.right, decided(card), who.value.trim(), card.dataset.at, why(card).value]);
    }
    const text = lines.map(line => line.map(cell).join(",") + "\r\n").join("");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = "decisions-" + bar.dataset.run.replace(/[^A-Za-z0-9._-]/g, "_") + ".csv";
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  for (const card of cards) {
    card.tabIndex = -1;
    card.querySelector("fieldset").hidden = false;
    for (const radio of radios(card)) radio.addEventListener("change", () => decide(card, radio.value));
    why(card).addEventListener("input", keep);
  }
  bar.hidden = false;
  who.addEventListener("input", keep);
  document.getElementById("deciding-save").addEventListener("click", save);
  document.getElementById("deciding-undo").addEventListener("click", undo);
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=text], textarea, select")) return;
    const at = here();
    const judgement = { s: "same", d: "different", u: "unsure" }[event.key];
    if (event.key === "j") go(cards[Math.min(at + 1, cards.length - 1)]);
    else if (event.key === "k") go(cards[Math.max(at - 1, 0)]);
    else if (event.key === "z") undo();
    else if (judgement && at >= 0) decide(cards[at], decided(cards[at]) === judgement ? "" : judgement);
    else return;
    event.preventDefault();
  });
  recall();
  tell();
})();
