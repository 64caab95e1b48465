// The theme names every part that scrolls "scrollable content"; the menu has a name of its own.
const menu = document.getElementById("nav-sidebar-apps");
if (menu) menu.dataset.simplebarAriaLabel = "Menu";
