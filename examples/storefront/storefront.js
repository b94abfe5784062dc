// The page: asks the gateway, shows what it says, and tells it what was clicked. No library, no build step.
const find = (selector, within = document) => within.querySelector(selector);
const session = []; // what was opened in this visit, oldest first: it goes along with every request

async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.status === 204) return null;
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

function shopper() {
  const history = session.map(({ itemId, at }) => ({ item_id: itemId, age_days: (Date.now() - at) / 86_400_000 }));
  return { user_id: find("#user").value.trim(), query: find("#query").value, history };
}

async function guarded(work) {
  const status = find("#status");
  status.className = "";
  try {
    status.textContent = (await work()) ?? "";
  } catch (error) {
    status.className = "problem";
    status.textContent = error.message;
  }
}

const named = (item) => item.title || item.item_id;
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

function row(slate, item) {
  const shown = find("#item").content.cloneNode(true);
  find("li", shown).dataset.itemId = item.item_id;
  find(".title", shown).textContent = named(item);
  find(".source", shown).textContent = item.source;
  find(".explored", shown).hidden = !item.explored;
  find(".chance", shown).textContent = `here in ${percent(item.propensity)} of draws`;
  find(".open", shown).onclick = () => guarded(() => open(slate, item));
  find(".similar", shown).onclick = () => guarded(() => similar(item));
  find(".why", shown).onclick = () => guarded(() => why(item));
  return shown;
}

async function show() {
  const slate = await ask("v1/recommend", { ...shopper(), k: 12 });
  find("#slate").replaceChildren(...slate.items.map((item) => row(slate, item)));
  find("#detail").hidden = true;
  return `${slate.items.length} items by policy ${slate.policy}, model version ${slate.model_version}`;
}

// A click is an outcome of the slate, and part of the session from now on.
async function open(slate, item) {
  await ask("v1/outcomes", { request_id: slate.request_id, item_id: item.item_id, event_type: "click" });
  session.push({ itemId: item.item_id, at: Date.now() });
  return show();
}

function detail(heading, lines) {
  const list = document.createElement("ul");
  list.append(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
  find("#detail h2").textContent = heading;
  find("#detail div").replaceChildren(list);
  find("#detail").hidden = false;
}

async function similar(item) {
  const found = await ask("v1/similar", { item_id: item.item_id, k: 8 });
  detail(`Like ${named(item)}`, found.map((other) => `${named(other)} (${other.score.toFixed(2)})`));
}

async function why(item) {
  const said = await ask("v1/explain", { ...shopper(), item_id: item.item_id });
  const lines = [said.source ? `Brought by ${said.source}.` : "No source brings it to this request."];
  if (said.matching_words.length) lines.push(`Words of the search: ${said.matching_words.join(", ")}.`);
  if (said.times_chosen) lines.push(`Chosen ${said.times_chosen} times before.`);
  for (const other of said.similar_history) lines.push(`Like ${named(other)} of the history.`);
  for (const feature of said.features.slice(0, 3)) {
    lines.push(`${feature.name}: ${feature.contribution >= 0 ? "+" : ""}${feature.contribution.toFixed(4)} of the utility.`);
  }
  detail(`Why ${named(item)}`, lines);
}

find("#asking").onsubmit = (event) => {
  event.preventDefault();
  guarded(show);
};
guarded(show);
