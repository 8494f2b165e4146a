// All that the list of runs shows while it is scrolled to its end.
async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => done()));
  const shown = new Set();
  let first = null;
  while (!(first = document.querySelector("#runs .runs-item"))) await frame();
  let box = first;
  while (box && !(box.scrollHeight > box.clientHeight + 2 && /auto|scroll/.test(getComputedStyle(box).overflowY))) box = box.parentElement;
  for (let still = 0; still < 90; ) {
    const before = shown.size;
    for (const item of document.querySelectorAll("#runs .runs-item")) shown.add(item.dataset.run);
    still = shown.size === before ? still + 1 : 0;
    if (box) box.scrollTop += box.clientHeight;
    await frame();
  }
  return [...shown];
}
