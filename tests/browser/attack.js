// What a page can try on a server that is not its own: every way to send a request that a browser has, at every route.
// Gives what came of it: how many requests were tried, and what could be seen of an answer.
async ({ target, bounce, routes, secret }) => {
  const seen = [];
  const tried = {};
  const patience = 1_500;
  const note = (how, what, text) => seen.push({ how, what, text: String(text).slice(0, 300) });

  /** One try; whatever it throws, or that it never ends, is what a victim hopes for. */
  async function attempt(how, what, act) {
    tried[how] = (tried[how] ?? 0) + 1;
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    try {
      const got = await Promise.race([act(), late]);
      if (got !== undefined && got !== null) note(how, what, got);
    } catch {
      // refused by the browser
    }
    clearTimeout(timer);
  }

  async function read(answer) {
    const reader = answer.body?.getReader();
    const first = reader ? await reader.read() : {};
    const text = new TextDecoder().decode(first.value ?? new Uint8Array());
    reader?.cancel().catch(() => {});
    const headers = [...answer.headers].join(" ");
    if (answer.type === "opaque" && !text && !answer.status && !headers) return undefined;
    if (answer.type === "opaqueredirect" || answer.type === "error") return undefined;
    return `${answer.status} ${text} ${headers}`;
  }

  /** An element that loads; that it loaded is seen already. */
  function load(tag, attributes, place = document.body, event = "load") {
    return new Promise((resolve, reject) => {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      const done = (act, value) => {
        setTimeout(() => element.remove(), 0);
        act(value);
      };
      element.addEventListener(event, () => done(resolve, `${tag} loaded`));
      element.addEventListener("error", () => done(reject, new Error("refused")));
      place.append(element);
      if (tag === "video" || tag === "audio") element.load();
    });
  }

  /** A frame always "loads", a refusal too: what counts is what is in it. */
  async function frame(tag, attributes) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    const loaded = new Promise((resolve) => {
      element.addEventListener("load", resolve);
      element.addEventListener("error", resolve);
    });
    document.body.append(element);
    await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, patience / 2))]);
    return inside(element);
  }

  function inside(element) {
    let found;
    try {
      const text = element.contentDocument?.documentElement?.textContent;
      if (text) found = text;
      if (element.contentWindow?.length) found = `${element.contentWindow.length} frames`;
    } catch {
      found = undefined;
    }
    setTimeout(() => element.remove(), 0);
    return found;
  }

  async function submit(action, method, enctype, fields, at = "") {
    const form = document.createElement("form");
    Object.assign(form, { action, method, enctype, hidden: true });
    for (const [name, value] of Object.entries(fields)) {
      const input = document.createElement("input");
      Object.assign(input, { name, value });
      form.append(input);
    }
    document.body.append(form);
    if (at) {
      form.target = at;
      form.submit();
      form.remove();
      return undefined;
    }
    const name = `frame-${Math.random()}`;
    const element = document.createElement("iframe");
    element.name = name;
    document.body.append(element);
    form.target = name;
    const loaded = new Promise((resolve) => element.addEventListener("load", resolve));
    form.submit();
    await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, patience / 2))]);
    form.remove();
    return inside(element);
  }

  const stream = (url, options) =>
    new Promise((resolve, reject) => {
      const source = new EventSource(url, options);
      const end = (act, value) => {
        source.close();
        act(value);
      };
      source.onopen = () => end(resolve, "stream opened");
      source.onmessage = (event) => end(resolve, event.data);
      source.onerror = () => end(reject, new Error("refused"));
    });

  const socket = (url) =>
    new Promise((resolve, reject) => {
      const one = new WebSocket(url);
      one.onopen = () => resolve("socket opened");
      one.onmessage = (event) => resolve(event.data);
      one.onerror = () => reject(new Error("refused"));
    });

  const request = (method, url, type, body) =>
    new Promise((resolve, reject) => {
      const one = new XMLHttpRequest();
      one.open(method, url);
      one.withCredentials = true;
      if (type) one.setRequestHeader("Content-Type", type);
      one.onreadystatechange = () => {
        if (one.readyState >= 2 && one.status) resolve(`${one.status} ${one.getAllResponseHeaders()} ${one.responseText}`);
      };
      one.onerror = () => reject(new Error("refused"));
      one.send(body);
    });

  const worker = (code) =>
    new Promise((resolve, reject) => {
      const one = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
      one.onmessage = (event) => (event.data ? resolve(event.data) : reject(new Error("refused")));
      one.onerror = () => reject(new Error("refused"));
    });

  const jobs = [];
  const plan = (how, what, act) => jobs.push(() => attempt(how, what, act));

  for (const { method, path, body, type } of routes) {
    const url = target + path;
    const what = `${method} ${path}`;
    if (method === "GET") {
      for (const mode of ["cors", "no-cors", "same-origin", "navigate"])
        plan(`fetch ${mode}`, what, async () => read(await fetch(url, { mode, credentials: "include" })));
      plan("fetch without credentials", what, async () => read(await fetch(url, { credentials: "omit" })));
      plan("fetch from a cache", what, async () =>
        read(await fetch(url, { mode: "no-cors", credentials: "include", cache: "force-cache" })),
      );
      plan("fetch with a bearer", what, async () =>
        read(await fetch(url, { headers: { Authorization: "Bearer guess" }, credentials: "include" })),
      );
      plan("fetch through a redirect", what, async () => read(await fetch(bounce + encodeURIComponent(url), { credentials: "include" })));
      plan("HEAD", what, async () => read(await fetch(url, { method: "HEAD", credentials: "include" })));
      plan("XHR", what, () => request("GET", url));
      plan("form GET", what, () => submit(url, "get", "", { q: secret }));
      plan("img", what, () => load("img", { src: url }));
      plan("img crossorigin", what, () => load("img", { src: url, crossorigin: "use-credentials" }));
      plan("script", what, () => load("script", { src: url }));
      plan("script module", what, () => load("script", { src: url, type: "module", crossorigin: "use-credentials" }));
      plan("stylesheet", what, () => load("link", { rel: "stylesheet", href: url }, document.head));
      plan("prefetch", what, () => load("link", { rel: "prefetch", href: url }, document.head));
      for (const as of ["fetch", "script", "style", "image", "font"])
        plan("preload", what, () => load("link", { rel: "preload", as, href: url }, document.head));
      plan("modulepreload", what, () => load("link", { rel: "modulepreload", href: url }, document.head));
      plan("icon and manifest", what, async () => {
        load("link", { rel: "icon", href: url }, document.head).catch(() => {});
        await load("link", { rel: "manifest", href: url, crossorigin: "use-credentials" }, document.head);
      });
      plan("iframe", what, () => frame("iframe", { src: url }));
      plan("object", what, () => frame("object", { data: url }));
      plan("embed", what, () => frame("embed", { src: url }));
      plan("video", what, () => load("video", { src: url, preload: "auto" }, document.body, "loadedmetadata"));
      plan("audio", what, () => load("audio", { src: url, preload: "auto" }, document.body, "loadedmetadata"));
      plan("EventSource", what, () => stream(url));
      plan("EventSource with credentials", what, () => stream(url, { withCredentials: true }));
      plan("WebSocket", what, () => socket(url.replace("http", "ws")));
      plan("CSS", what, async () => {
        const style = document.createElement("style");
        const quoted = JSON.stringify(url);
        style.textContent = `@import ${quoted}; @font-face { font-family: stolen; src: url(${quoted}); }
          body { background: url(${quoted}); cursor: url(${quoted}), auto; font-family: stolen; }`;
        document.head.append(style);
        await document.fonts.load("12px stolen").catch(() => {});
        const sheet = style.sheet.cssRules[0]?.styleSheet;
        let rules = 0;
        try {
          rules = sheet?.cssRules.length ?? 0;
        } catch {
          rules = 0;
        }
        style.remove();
        return rules ? `${rules} rules` : undefined;
      });
      plan("worker", what, () => worker(`try { importScripts(${JSON.stringify(url)}); postMessage("imported"); } catch { postMessage(""); }`));
      plan("fetch in a worker", what, () =>
        worker(`fetch(${JSON.stringify(url)}, {credentials: "include"}).then(a => a.text()).then(postMessage, () => postMessage(""));`),
      );
    } else {
      const json = body ?? "{}";
      const fields = { ...JSON.parse(type ? "{}" : json), _method: method };
      const flat = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
      const form = new FormData();
      for (const [name, value] of Object.entries(flat)) form.append(name, value);
      const own = { method, credentials: "include" };
      const post = { method: "POST", credentials: "include", mode: "no-cors" };
      const kind = { "Content-Type": type ?? "application/json" };
      plan(`fetch ${method} preflight`, what, async () => read(await fetch(url, { ...own, headers: kind, body: json })));
      plan(`fetch ${method} no-cors`, what, async () => read(await fetch(url, { ...own, mode: "no-cors", headers: kind, body: json })));
      plan(`fetch ${method} as text`, what, async () => read(await fetch(url, { ...own, headers: { "Content-Type": "text/plain" }, body: json })));
      plan(`fetch ${method} without a body`, what, async () => read(await fetch(url, own)));
      plan("fetch with an overriding method", what, async () =>
        read(await fetch(url, { method: "POST", credentials: "include", headers: { "X-HTTP-Method-Override": method } })),
      );
      for (const [name, kind, payload] of [
        ["text/plain", "text/plain", json],
        ["a form's type", "application/x-www-form-urlencoded", new URLSearchParams(flat).toString()],
        ["a type in another", "text/plain; application/json", json],
      ])
        plan(`no-cors POST ${name}`, what, async () => read(await fetch(url, { ...post, headers: { "Content-Type": kind }, body: payload })));
      plan("no-cors POST multipart", what, async () => read(await fetch(url, { ...post, body: form })));
      plan("no-cors POST untyped", what, async () => read(await fetch(url, { ...post, body: new Blob([json]) })));
      plan("no-cors POST keepalive", what, async () => read(await fetch(url, { ...post, keepalive: true, body: json })));
      plan("POST through a redirect", what, async () =>
        read(await fetch(bounce + encodeURIComponent(url), { ...post, headers: { "Content-Type": "text/plain" }, body: json })),
      );
      plan("XHR", what, () => request(method, url, kind["Content-Type"], json));
      plan("XHR as text", what, () => request("POST", url, "text/plain", json));
      plan("beacon", what, async () => {
        navigator.sendBeacon(url, json);
        navigator.sendBeacon(url, form);
        navigator.sendBeacon(url, new Blob([json], { type: "text/plain" }));
        navigator.sendBeacon(url, new Blob([json], { type: "application/json" }));
      });
      plan("ping", what, async () => {
        const link = document.createElement("a");
        link.href = "#here";
        link.ping = url;
        document.body.append(link);
        link.click();
        link.remove();
      });
      for (const enctype of ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]) {
        plan(`form POST ${enctype}`, what, () => submit(url, "post", enctype, flat));
        // JSON in a form: the name and its value, joined by the "=", are the body.
        plan(`form POST of JSON ${enctype}`, what, () => submit(url, "post", enctype, { [`${json.slice(0, -1)},"x":"`]: '"}' }));
      }
      plan("form POST through a redirect", what, () => submit(bounce + encodeURIComponent(url), "post", "text/plain", flat));
      plan("form POST in a window", what, () => submit(url, "post", "text/plain", { [`${json.slice(0, -1)},"x":"`]: '"}' }, "_blank"));
    }
  }
  const turn = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) await job();
  };
  await Promise.all(Array.from({ length: 24 }, turn));
  const sizes = performance
    .getEntriesByType("resource")
    .filter((one) => one.name.startsWith(target) && (one.encodedBodySize || one.responseStatus))
    .map((one) => `${one.name} ${one.encodedBodySize} ${one.responseStatus}`);
  return { seen, tried, sizes };
}
