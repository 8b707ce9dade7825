// Asked for as "?embed=1": the compact layout of styles/embed.css, from the first paint on.
{
  const asked = new URLSearchParams(location.search).get("embed");
  if (asked !== null && asked !== "0") document.documentElement.classList.add("embedded");
}
// A link's page is shown once the link was followed (share.js), and not before in another state.
if (/[?&](step|tab)=/.test(location.search)) document.documentElement.classList.add("following");
