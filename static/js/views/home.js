// What is there before a run is chosen: the chains to run, and how to bring one's own.

import { button, el, setText } from "../dom.js";

/** @typedef {{ name: string, label: string, description: string }} ChainInfo */

const SERVE = "tracer serve my_app:chain";
const RECORD = `import tracer

async for event in tracer.astream_events(chain, {"question": "…"}, path="runs/"):
    ...`;

/**
 * @param {HTMLElement} root
 * @param {{ chains: ChainInfo[] | null, problem: string, hasRuns: boolean }} about `chains`: null until they are known
 * @param {import("../dom.js").Send} send
 */
export function drawHome(root, { chains, problem, hasRuns }, send) {
  const box = el("div", "home-box");
  if (problem) {
    box.append(el("h1", "", "The server does not answer"), el("p", "home-lead", problem));
    root.replaceChildren(box);
    return;
  }
  if (!chains) {
    box.append(el("p", "home-lead", "Asking for the chains…"));
    root.replaceChildren(box);
    return;
  }
  box.append(el("h1", "", hasRuns ? "Run a chain" : "Nothing run yet"));
  const lead = el(
    "p",
    "home-lead",
    chains.length
      ? "Choose a chain, give it an input and watch every step as it happens."
      : "This server has no chains. It still shows the runs of its folder, also those that other programs write into it.",
  );
  if (chains.length && hasRuns) {
    lead.append(
      el("span", "when-wide", " Or open a run on the left."),
      el("span", "when-narrow", " Or open a run: the button in the top left corner lists them."),
    );
  }
  box.append(lead);
  if (chains.length) box.append(chainList(chains, send));
  box.append(
    el("h2", "home-head", "Your own chain"),
    snippet("Serve it", SERVE),
    snippet("Or record it from your own code", RECORD),
  );
  root.replaceChildren(box);
}

/** @param {ChainInfo[]} chains @param {import("../dom.js").Send} send */
export function chainList(chains, send) {
  const list = el("ul", "home-chains");
  for (const chain of chains) {
    const item = el("li");
    const open = el("a", "card home-chain", "", { href: `/?chain=${encodeURIComponent(chain.name)}` });
    open.append(
      el("b", "", chain.label),
      el("span", "", chain.description || "No description."),
      el("code", "", chain.name),
    );
    open.addEventListener("click", (event) => {
      if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      send({ type: "choose", chain: chain.name });
    });
    item.append(open);
    list.append(item);
  }
  return list;
}

/** @param {string} label @param {string} code */
function snippet(label, code) {
  const box = el("figure", "snippet");
  const copy = button("btn small", "Copy", { "aria-label": `Copy: ${label}` });
  copy.addEventListener("click", () => {
    const done = navigator.clipboard?.writeText(code) ?? Promise.reject();
    done.then(
      () => setText(copy, "Copied"),
      () => setText(copy, "Not allowed to copy"),
    );
    setTimeout(() => setText(copy, "Copy"), 2000);
  });
  const caption = el("figcaption", "", label);
  caption.append(copy);
  box.append(caption, el("pre", "", code, { tabindex: "0" }));
  return box;
}

/** The whole page is of no use any more. @param {HTMLElement} root */
export function drawDenied(root) {
  const box = el("div", "home-box", "", { role: "alert" });
  const again = button("btn primary", "Try again");
  again.addEventListener("click", () => location.reload());
  box.append(
    el("h1", "", "This page may no longer ask the server"),
    el(
      "p",
      "home-lead",
      "Its token is not valid any more: the server was started with another one, or the cookie is gone.",
    ),
    el(
      "p",
      "home-lead",
      "Open the address that the server printed when it started; it ends in ?token=… . If you cannot find it, stop the server and start it again:",
    ),
    snippet("Start it again", SERVE),
    again,
  );
  root.replaceChildren(box);
}

/** There is no such run. @param {HTMLElement} root @param {string} run */
export function drawMissing(root, run) {
  const box = el("div", "home-box", "", { role: "alert" });
  const back = el("a", "btn", "All chains", { href: "/" });
  box.append(
    el("h1", "", "No such run"),
    el(
      "p",
      "home-lead",
      `There is no run ${run} in the server's folder. It may have been deleted, or belong to another folder.`,
    ),
    back,
  );
  root.replaceChildren(box);
}

/**
 * A file with nothing in it to show.
 * @param {HTMLElement} root @param {string} name @param {string} why @param {() => void} choose another file
 */
export function drawUnreadable(root, name, why, choose) {
  const box = el("div", "home-box", "", { role: "alert" });
  const other = button("btn primary", "Open another file");
  other.addEventListener("click", choose);
  const ways = el("div", "home-ways");
  ways.append(other, el("a", "btn", "All chains", { href: "/" }));
  box.append(el("h1", "", `${name || "The file"} cannot be shown`), el("p", "home-lead", why), ways);
  root.replaceChildren(box);
}

/** The file that the address is of is not in this tab any more. @param {HTMLElement} root */
export function drawGone(root) {
  const box = el("div", "home-box", "", { role: "alert" });
  const back = el("a", "btn", "All chains", { href: "/" });
  const lead =
    "What a tab was given to look at is gone when it is loaded again, since it was not uploaded. Open the file again: drop it here, or choose it.";
  box.append(el("h1", "", "The file is not here any more"), el("p", "home-lead", lead), back);
  root.replaceChildren(box);
}
