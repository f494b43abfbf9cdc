"use strict";
// Decisions on pairs: made by click or key, kept in this browser, saved as the file that `dq review import` takes.
// Where `dq serve` gives the page, each decision goes to the project's judgements at once instead.
(() => {
  const section = document.getElementById("pairs");
  const cards = [...section.querySelectorAll("li[data-entity]")];
  if (!cards.length) return;
  const bar = document.getElementById("deciding");
  const said = document.getElementById("deciding-said");
  const who = document.getElementById("deciding-who");
  const shelf = "dq-decisions " + bar.dataset.run;
  const undone = [];
  const meta = document.querySelector("meta[name=dq-served]");
  const served = meta && JSON.parse(meta.content);
  let sending = Promise.resolve();

  const radios = card => [...card.querySelectorAll("input[type=radio]")];
  const why = card => card.querySelector("input[type=text]");
  const decided = card => card.dataset.judgement || "";
  const keyOf = card => [card.dataset.entity, card.dataset.left, card.dataset.right].join("\u001f");

  function keep() {
    if (served) return;
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
  // What the file says of a pair, as far as this page knows it: the server refuses what was decided otherwise meanwhile.
  function send(card) {
    if (!served) return;
    const wanted = decided(card);
    const body = { entity: card.dataset.entity, left: card.dataset.left, right: card.dataset.right, judgement: wanted, who: who.value.trim(), why: why(card).value };
    sending = sending.then(async () => {
      body.before = card.dataset.held || "";
      if (!wanted && !body.before) return;
      const back = () => { if (decided(card) === wanted) put(card, card.dataset.held || "", ""); };
      try {
        const answer = await fetch("/decisions", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": served.csrf }, body: JSON.stringify(body) });
        const said = await answer.json();
        if (answer.ok) {
          card.dataset.held = said.judgement;
          say(card, served.texts.saved);
        } else if (answer.status === 409) {
          card.dataset.held = said.judgement;
          put(card, said.judgement, "");
          say(card, served.texts.otherwise);
        } else {
          back();
          say(card, served.texts.failed.replace("{reason}", said.error));
        }
      } catch {
        back();
        say(card, served.texts.failed.replace("{reason}", served.texts.gone));
      }
      tell();
    });
  }
  function say(card, text) {
    let line = card.querySelector("[role=status].saved");
    if (!line) {
      line = document.createElement("p");
      line.className = "rest saved";
      line.setAttribute("role", "status");
      card.querySelector("fieldset").append(line);
    }
    line.textContent = text;
  }
  async function ask() {
    who.value = served.by;
    const found = await (await fetch("/decisions")).json();
    const held = new Map((found.decided || []).map(one => [[one.entity, one.left, one.right].join("\u001f"), one]));
    for (const card of cards) {
      const [left, right] = [card.dataset.left, card.dataset.right].sort();
      const one = held.get([card.dataset.entity, left, right].join("\u001f"));
      if (!one || decided(card)) continue;
      card.dataset.held = one.judgement;
      put(card, one.judgement, one.at);
    }
    tell();
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
    send(card);
    tell();
  }
  function undo() {
    const last = undone.pop();
    if (!last) return;
    put(...last);
    keep();
    send(last[0]);
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
    why(card).addEventListener("change", () => { if (decided(card)) send(card); });
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
  if (served) sending = ask().catch(() => {});
  else recall();
  tell();
})();
