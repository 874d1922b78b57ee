/* Send each file by itself, with its progress; without this file the form sends them all at once. */
(function () {
  "use strict";
  const AT_ONCE = 2;
  const form = document.getElementById("recibir");
  const input = document.getElementById("archivos");
  const drop = document.getElementById("soltar");
  const list = document.getElementById("destinos");
  const section = document.getElementById("destinos-seccion");
  const status = document.getElementById("destinos-aviso");
  const waiting = [];
  let going = 0;
  let done = 0;
  let total = 0;

  document.getElementById("soltar-aqui").hidden = false;

  function add(files) {
    section.hidden = false;
    const fields = Array.from(new FormData(form)).filter((field) => field[0] !== "file");
    for (const file of files) {
      const item = document.createElement("li");
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = file.name;
      const bar = document.createElement("progress");
      bar.max = 1;
      bar.value = 0;
      bar.setAttribute("aria-label", "Envío de " + file.name);
      item.append(name, bar);
      list.prepend(item);
      waiting.push({ file, item, bar, fields });
      total += 1;
    }
    next();
  }

  function next() {
    while (going < AT_ONCE && waiting.length) send(waiting.shift());
    status.textContent = done === total ? "Se enviaron todos los archivos." : "Enviados " + done + " de " + total + ".";
  }

  function send(one) {
    going += 1;
    const body = new FormData();
    for (const field of one.fields) body.append(field[0], field[1]);
    body.append("file", one.file, one.file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) one.bar.value = event.loaded / event.total;
    });
    request.addEventListener("load", () => settle(one, request));
    request.addEventListener("error", () => settle(one, request));
    request.send(body);
  }

  function settle(one, request) {
    going -= 1;
    done += 1;
    const answer = document.createElement("template");
    answer.innerHTML = request.responseText || "";
    const fresh = answer.content.querySelector("li");
    if (fresh) {
      one.item.replaceWith(fresh);
      if (window.htmx) window.htmx.process(fresh);
    } else {
      const state = document.createElement("span");
      state.className = "state bad";
      state.textContent = "no se recibió";
      const detail = document.createElement("span");
      detail.className = "detail";
      const notice = answer.content.querySelector(".notice");
      detail.textContent = notice ? notice.textContent : "La conexión se cortó antes de terminar. Nada quedó a medias:";
      const again = document.createElement("button");
      again.type = "button";
      again.className = "link";
      again.textContent = "enviarlo de nuevo";
      again.addEventListener("click", () => {
        one.item.remove();
        done -= 1;
        total -= 1;
        add([one.file]);
      });
      detail.append(" ", again);
      one.bar.replaceWith(state);
      one.item.append(detail);
    }
    next();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    delete form.dataset.sent;
    add(input.files);
    input.value = "";
    input.dispatchEvent(new Event("cleared"));
  }, true);

  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    drop.addEventListener(kind, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    add(event.dataTransfer.files);
  });
})();
