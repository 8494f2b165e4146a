// A Python traceback, read: which frames are the user's own, and which are of libraries and of tracer itself. No DOM.

/** @typedef {{ text: string, isFrame: boolean, own: boolean, place: string }} Part  `place`: `app.py:12, in answer` */

const FRAME = /^ {2}(?:[ |+]* )?File "(.+?)", line (\d+)(?:, in (.+))?$/;
const FOREIGN =
  /[\\/](?:site|dist)-packages[\\/]|[\\/]lib[\\/]python\d|^<|[\\/]tracer[\\/](?:run|capture|log|web)[\\/]/i;

/** @param {string} traceback @returns {Part[]} all of its text, in order */
export function partsOf(traceback) {
  /** @type {Part[]} */
  const parts = [];
  for (const line of traceback.split(/(?<=\n)/)) {
    const found = FRAME.exec(line.trimEnd());
    const last = parts.at(-1);
    if (found) {
      const [, file = "", number = "", name = ""] = found;
      const own = !FOREIGN.test(file);
      const place = `${file.split(/[\\/]/).at(-1)}:${number}${name ? `, in ${name}` : ""}`;
      parts.push({ text: line, isFrame: true, own, place });
    } else if (last && (!last.isFrame || /^ {3,}/.test(line))) {
      last.text += line;
    } else {
      parts.push({ text: line, isFrame: false, own: true, place: "" });
    }
  }
  return parts;
}

/** Where the user's own code raised it: the last own frame, or where there is none, the last. @param {Part[]} parts */
export function raisedAt(parts) {
  return parts.findLast((part) => part.isFrame && part.own) ?? parts.findLast((part) => part.isFrame);
}
