// What no view ever makes, and so came out of a text: handlers, styles written out, addresses that lead elsewhere.
() => {
  const found = [];
  const own = new URL(location.href).origin;
  const leads = ["src", "href", "action", "formaction", "data", "poster", "srcset", "ping", "background", "xlink:href"];
  for (const element of document.querySelectorAll("*")) {
    const tag = element.localName;
    const say = (why) => found.push(`${why}: ${element.outerHTML.slice(0, 200)}`);
    if (/^(iframe|object|embed|frameset|frame|base|style|video|audio|marquee|portal|math|template|foreignobject|animate|set|xss|x-y|image|source)$/.test(tag)) say("element");
    if (tag === "script" && !(element.src.startsWith(`${own}/static/`) && !element.textContent)) say("script");
    if (tag === "meta" && element.hasAttribute("http-equiv")) say("meta");
    if (tag === "link" && !element.href.startsWith(`${own}/static/`)) say("link");
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name) || name === "srcdoc") say(`attribute ${name}`);
      if (/[^a-z0-9:_-]/i.test(name)) say(`attribute ${name}`);
      if (name === "style" && /url|expression|import|animation/i.test(value)) say("style");
      if (!leads.includes(name)) continue;
      const to = new URL(value, location.href);
      const isPicture = tag === "img" && /^data:image\/(png|jpeg|gif|webp);base64,/.test(value);
      if (!isPicture && (to.origin !== own || /hit-/.test(to.pathname.replace(/^\/runs\/.*/, "")))) say(`leads to ${value}`);
    }
  }
  return found;
}
