// All that the list of runs shows while it is scrolled to its end, and from its start again until there were so many.
async (wanted) => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => done()));
  const shown = new Set();
  const end = performance.now() + 60_000;
  while (shown.size < wanted && performance.now() < end) {
    const box = document.querySelector("#runs .runs-scroller");
    for (const item of document.querySelectorAll("#runs .runs-item")) shown.add(item.dataset.run);
    if (box.scrollTop + box.clientHeight >= box.scrollHeight - 2) {
      for (let frames = 0; frames < 30; frames++) await frame();
      if (box.scrollTop + box.clientHeight >= box.scrollHeight - 2) box.scrollTop = 0;
    } else box.scrollTop += box.clientHeight;
    await frame();
    await frame();
  }
  return [...shown];
}
