// How programs call the page is Gradio's to show: its own button, which knows neither the page's language nor its words.
element.querySelector(".programs").addEventListener("click", () => document.querySelector("footer .show-api").click());
