'use strict';
// The addon and the library, both loaded when first needed.
const fs = require('node:fs');
const path = require('node:path');

const SONAME = 'libecoauth.so.0';
const folder = path.join(__dirname, '..', 'prebuilds', `${process.platform}-${process.arch}`);
let addon;
let loadedFrom;

/** Loads the library, once for the process: from `file`, else from the file that ECOAUTH_LIBRARY names, else from this package, else the
 *  system's. Called by itself when first needed; call it before to choose. Gives where it was loaded from. */
function loadLibrary(file) {
  if (loadedFrom !== undefined) {
    if (file !== undefined && file !== loadedFrom) throw new Error(`the library is loaded already, from ${loadedFrom}`);
    return loadedFrom;
  }
  const inside = path.join(folder, SONAME);
  const chosen = file ?? (process.env.ECOAUTH_LIBRARY || (fs.existsSync(inside) ? inside : SONAME));
  try {
    addon ??= require(path.join(folder, 'ecoauth.node'));
  } catch (error) {
    throw new Error(`this package has no addon that works here (${process.platform}-${process.arch}, glibc): ${error.message}`, { cause: error });
  }
  addon.load(String(chosen));
  // Not at the top: they need this file.
  addon.setUp(require('./errors.cjs').makeError, require('./stores.cjs').serveStore);
  loadedFrom = String(chosen);
  return loadedFrom;
}

/** The addon's functions. */
function native() {
  if (loadedFrom === undefined) loadLibrary();
  return addon;
}

module.exports = {
  loadLibrary,
  native,
  libraryVersion: () => native().version(),
  hasFeature: (feature) => native().hasFeature(feature),
  runtimeInfo: (what) => native().runtimeInfo(what),
};
