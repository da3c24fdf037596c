"use strict";
// Buttons that copy the text beside them. Without a clipboard (plain http) the text is selected instead.
(() => {
  const said = document.getElementById("swish-said");
  const say = (button, words) => {
    said.textContent = "";
    button.textContent = words;
    window.setTimeout(() => { said.textContent = `${words}: ${button.getAttribute("aria-label").replace(/^Copy: /, "")}`; }, 50);
    window.setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  for (const button of document.querySelectorAll("[data-copy]")) {
    const code = button.parentElement.querySelector("code");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        say(button, "Copied");
      } catch {
        window.getSelection().selectAllChildren(code);
        say(button, "Selected");
      }
    });
  }
})();
// A page that waits for something looks for it, and shows itself anew when it is there.
(() => {
  const place = document.querySelector("[data-look-again]");
  if (!place) return;
  let first = null;
  let looks = 0;
  const look = async () => {
    // every five seconds for two minutes, then each half minute, and only while somebody may see it
    looks += 1;
    if (document.hidden || (looks > 24 && looks % 6)) return;
    try {
      const answer = await fetch(place.dataset.lookAgain, { headers: { "X-XSRFToken": place.dataset.xsrf } });
      if (!answer.ok) return;
      const text = await answer.text();
      if (first !== null && text !== first) window.location.reload();
      first = text;
    } catch { /* the next look may find it */ }
  };
  look();
  window.setInterval(look, 5000);
})();
