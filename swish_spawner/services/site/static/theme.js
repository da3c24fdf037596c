"use strict";
// The same choice of light or dark as JupyterHub's own pages, made before anything is painted.
(() => {
  const KEY = "jupyterhub-bs-theme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const chosen = localStorage.getItem(KEY);
    const theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
    document.documentElement.setAttribute("data-bs-theme", theme);
    return theme;
  };
  show();
  dark.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", () => {
    const toggle = document.getElementById("swish-theme");
    toggle.hidden = false;
    toggle.addEventListener("click", () => {
      localStorage.setItem(KEY, show() === "dark" ? "light" : "dark");
      show();
    });
  });
})();
