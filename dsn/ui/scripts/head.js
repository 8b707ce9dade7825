// Asked for as "?embed=1": the compact layout of styles/embed.css, from the first paint on.
{
  const asked = new URLSearchParams(location.search).get("embed");
  if (asked !== null && asked !== "0") document.documentElement.classList.add("embedded");
}
