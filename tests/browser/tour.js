// Looks at everything of the run that is shown: each of some spans in each tab, all rows, all events, all hover cards.
// Gives, for each tab, which of the texts it is given were seen in it.
async ({ groups, spans, tabs, hovered }) => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => done()));
  const rows = document.querySelector('[role="treegrid"]');
  const seen = Object.fromEntries(tabs.map((tab) => [tab, []]));
  const start = (text) => text.trim().replace(/\s+/g, " ").slice(0, 24);
  const squeezed = (text) => text.replace(/\s+/g, " ");
  const rowOf = (span) => rows.querySelector(`[role="row"][data-span="${span}"]`);
  const scroller = (from) => {
    let at = from;
    while (at && !(at.scrollHeight > at.clientHeight + 2 && /auto|scroll/.test(getComputedStyle(at).overflowY))) at = at.parentElement;
    return at;
  };
  async function through(from) {
    const box = from && scroller(from);
    if (!box) return;
    for (box.scrollTop = 0; ; box.scrollTop += box.clientHeight) {
      await frame();
      if (box.scrollTop + box.clientHeight >= box.scrollHeight - 2) return;
    }
  }
  let open = "";
  for (const [index, span] of spans.entries()) {
    const row = rowOf(span);
    if (!row) continue;
    row.click();
    const wanted = (groups[Math.floor((span - 2) / 3)] ?? []).map(start);
    // As written, and as JSON writes it.
    const either = wanted.map((text) => [text, JSON.stringify(text).slice(1, -1).slice(0, 24)]);
    for (const tab of index % 2 ? [...tabs].reverse() : tabs) {
      if (tab !== open) document.getElementById(`tab-${tab.toLowerCase()}`).click();
      open = tab;
      const panel = document.getElementById(`panel-${tab.toLowerCase()}`);
      // Until it is read and drawn: its text rests for some frames.
      let text = null;
      for (let rests = 0, frames = 0; rests < 4 && frames < 300; frames++) {
        await frame();
        const now = squeezed(panel.textContent);
        rests = now === text && !window.asking && !now.startsWith("Reading…") ? rests + 1 : 0;
        text = now;
      }
      const found = either.filter((ways) => ways.some((way) => way && text.includes(way))).length;
      if (wanted.length) seen[tab].push(found / wanted.length);
    }
  }
  for (const span of hovered) {
    const row = rowOf(span);
    if (!row) continue;
    const box = row.getBoundingClientRect();
    const where = { bubbles: true, clientX: box.x + 300, clientY: box.y + 10, pointerType: "mouse" };
    for (const type of ["pointerover", "pointerenter", "pointermove"]) row.dispatchEvent(new PointerEvent(type, where));
    for (let tries = 0; tries < 12; tries++) {
      await frame();
      if (!document.getElementById("span-hover")?.hidden) break;
    }
  }
  const cards = document.getElementById("span-hover")?.textContent ?? "";
  await through(rows.querySelector('[role="row"]'));
  await through(document.querySelector('[role="log"] .event'));
  return { seen, cards: cards.length, rows: rows.getAttribute("aria-rowcount") };
}
