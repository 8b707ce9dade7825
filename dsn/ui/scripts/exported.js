// A file that is there is saved without another press; its link stays until the next is asked for.
document.addEventListener("dsn:exporting", () => (props.value = ""));

watch("value", () => {
  if (!props.value) return;
  document.dispatchEvent(new Event("dsn:exported"));
  element.querySelector("a[download]")?.click();
});
