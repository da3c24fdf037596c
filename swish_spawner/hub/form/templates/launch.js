// Says what the current choice costs and which pool it gets, and hides what the chosen team may not use.
// The page works without it: the hub decides by the same rules when the form is sent.
(() => {
  const facts = JSON.parse(document.getElementById("swish-policy").textContent);
  const form = document.getElementById("swish-summary").closest("form");
  const summary = document.getElementById("swish-summary");
  const units = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
  const value = (name) => (new FormData(form).get(name) || "").trim();

  const cores = (text) => (/^\d+m$/.test(text) ? parseInt(text, 10) / 1000 : /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN);
  const bytes = (text) => {
    const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T)$/.exec(text);
    return match ? Number(match[1]) * units[match[2]] : NaN;
  };

  function fitting(pools, memory, gpu) {
    if (gpu) return [pools.find((pool) => gpu in pool.gpus), `${gpu} is asked for`];
    const above = pools.filter((pool) => pool.above !== null && memory > pool.above).sort((a, b) => b.above - a.above);
    if (above.length) return [above[0], `${value("memory")} is above ${above[0].above_text}`];
    return [pools.find((pool) => pool.above === null && !Object.keys(pool.gpus).length), ""];
  }

  function chosen() {
    const team = facts.teams[value("team")];
    const pools = facts.pools.filter((pool) => team.pools.includes(pool.name));
    const [name, size] = value("size").split("/");
    if (name !== "auto") {
      const pool = pools.find((candidate) => candidate.name === name);
      return pool && size in pool.sizes ? { pool, why: "", ...pool.sizes[size] } : null;
    }
    const memory = value("memory") ? bytes(value("memory")) : null;
    const [pool, why] = fitting(pools, memory || 0, value("gpu"));
    if (!pool) return null;
    const cpu = value("cpu") ? cores(value("cpu")) : pool.cpu.default;
    const gpu = value("gpu") ? facts.gpu_hour[value("gpu")] * Number(value("gpu_count") || 1) : 0;
    return { pool, why, cpu, memory: memory === null ? pool.memory.default : memory, gpu };
  }

  function sentence(choice) {
    if (!choice || Number.isNaN(choice.cpu) || Number.isNaN(choice.memory)) return "";
    for (const name of ["cpu", "memory"]) {
      const bounds = choice.pool[name];
      if (choice[name] < bounds.min || choice[name] > bounds.max) {
        return `${choice.pool.title} gives ${bounds.text} of ${name === "cpu" ? "CPU" : "memory"}.`;
      }
    }
    const more = value("ssh") && choice.pool.sidecar ? facts.ssh : { cpu: 0, memory: 0 };
    const gib = (choice.memory + more.memory) / 2 ** 30;
    const price = (choice.cpu + more.cpu) * facts.cpu_core_hour + gib * facts.memory_gib_hour + choice.gpu;
    const rule = choice.why ? `${choice.why} → ${choice.pool.title} pool` : `${choice.pool.title} pool`;
    return `${rule}: ${price.toFixed(3)} ${facts.currency} per hour.`;
  }

  function narrow() {
    const team = facts.teams[value("team")];
    const hide = (element, hidden) => {
      element.hidden = hidden;
      element.querySelectorAll("input").forEach((input) => {
        input.disabled = hidden;
        if (hidden) input.checked = false;
      });
    };
    form.querySelectorAll("[data-image]").forEach((card) => hide(card, !team.images.includes(card.dataset.image)));
    form.querySelectorAll("[data-pool]").forEach((set) => hide(set, !team.pools.includes(set.dataset.pool)));
    for (const name of ["image", "size"]) {
      const enabled = [...form.querySelectorAll(`input[name=${name}]:not(:disabled)`)];
      if (enabled.length && !enabled.some((input) => input.checked)) enabled[0].checked = true;
    }
    const project = document.getElementById("swish-project");
    if (project) {
      [...project.options].forEach((option) => { option.hidden = option.value !== "" && !team.projects.includes(option.value); });
      if (project.selectedOptions[0] && project.selectedOptions[0].hidden) project.value = "";
    }
  }

  function update() {
    narrow();
    document.getElementById("swish-custom").hidden = !value("size").startsWith("auto/");
    summary.textContent = sentence(chosen());
    summary.hidden = !summary.textContent;
  }
  form.addEventListener("input", update);
  update();
})();
