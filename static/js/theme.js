// A classic script in <head>: the remembered theme is there before the first paint. views/theme.js changes it.
(() => {
  try {
    const theme = localStorage.getItem("tracer.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be switched off: the system's theme it is.
  }
})();
