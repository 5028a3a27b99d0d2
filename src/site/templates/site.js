"use strict";
// Search in tables and trees, folding, and links into folded trees. Pages are read without it too.
(function () {
  function fold(text) {
    return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  }
  function each(list, act) {
    Array.prototype.forEach.call(list, act);
  }
  function unfoldTo(node) {
    for (var at = node; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
  }
  function filter(input) {
    var root = document.getElementById(input.getAttribute("data-filter"));
    var words = fold(input.value).split(/\s+/).filter(Boolean);
    var found = 0;
    var all = root.querySelectorAll("[data-search]");
    each(all, function (item) {
      var text = fold(item.getAttribute("data-search"));
      var hit = words.every(function (word) { return text.indexOf(word) !== -1; });
      item.classList.toggle("gone", !hit);
      if (hit) found += 1;
    });
    if (words.length > 0) {
      // What leads to a hit stays, unfolded.
      each(root.querySelectorAll("[data-search]:not(.gone)"), function (item) {
        for (var at = item.parentElement; at; at = at === root ? null : at.parentElement) {
          at.classList.remove("gone");
          if (at.tagName === "DETAILS") at.open = true;
        }
      });
    }
    var status = input.closest(".tools").querySelector("[role=status]");
    status.textContent = words.length === 0 ? "" : found === 1 ? "1 found" : found + " found";
  }
  function target() {
    var name = "";
    try { name = decodeURIComponent(location.hash.slice(1)); } catch (error) { return; }
    var node = name === "" ? null : document.getElementById(name);
    if (node === null) return;
    unfoldTo(node);
    var own = node.querySelector("details");
    if (own !== null) own.open = true;
    node.scrollIntoView();
  }
  each(document.querySelectorAll(".tools"), function (tools) { tools.hidden = false; });
  each(document.querySelectorAll("[data-filter]"), function (input) {
    input.addEventListener("input", function () { filter(input); });
    input.addEventListener("keydown", function (event) {
      if (event.key === "Escape") {
        input.value = "";
        filter(input);
      }
    });
  });
  function foldAll(name, open) {
    each(document.querySelectorAll("[data-" + name + "]"), function (button) {
      button.addEventListener("click", function () {
        var root = document.getElementById(button.getAttribute("data-" + name));
        each(root.querySelectorAll("details"), function (details) { details.open = open; });
      });
    });
  }
  foldAll("unfold", true);
  foldAll("fold", false);
  document.addEventListener("keydown", function (event) {
    var input = document.querySelector("[data-filter]");
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && input !== null && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    }
  });
  window.addEventListener("hashchange", target);
  target();
})();
