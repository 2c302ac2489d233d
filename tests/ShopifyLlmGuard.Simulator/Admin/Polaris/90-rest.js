// Whatever the manifest names and nothing above draws still exists, with its attributes checked.
for (const tag of Object.keys(MANIFEST)) if (!customElements.get(tag)) define(tag);
checkTree(document.documentElement);
