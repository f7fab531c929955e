(() => {
  "use strict";
  const root = document.documentElement;
  const toggle = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const name = () => { toggle.textContent = isDark() ? "Light theme" : "Dark theme"; };
  toggle.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
  system.addEventListener("change", name);
  toggle.hidden = false;
  name();

  const search = document.getElementById("search");
  if (!search) return;
  const pairs = Array.from(document.querySelectorAll(".pair"));
  const texts = pairs.map(() => null);
  const matches = document.getElementById("matches");
  const apply = () => {
    const wanted = search.value.trim().toLowerCase();
    const outcome = document.querySelector("input[name=outcome]:checked").value;
    let count = 0;
    pairs.forEach((pair, place) => {
      if (wanted && texts[place] === null) texts[place] = pair.textContent.toLowerCase();
      const found = !wanted || texts[place].includes(wanted);
      pair.hidden = !found;
      if (found && (!outcome || pair.classList.contains("is-" + outcome))) count += 1;
    });
    matches.textContent = wanted || outcome ? count + " shown" : "";
  };
  document.getElementById("search-line").hidden = false;
  search.addEventListener("input", apply);
  document.querySelectorAll("input[name=outcome]").forEach((one) => one.addEventListener("change", apply));
})();
