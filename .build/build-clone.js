// The script `dependencies`, which npm runs when an install has changed node_modules. It builds in the clone that `npm install git+…` makes:
// of our scripts, only those of an install run before npm packs it. In a checkout it does nothing: `npm test` and `npm run demo` build
// themselves, and `--omit=dev` leaves out the bundler.
//
// The script `prepare` would run for a clone and for `npm pack`. But npm warns of it when somebody installs the package's file.

// npm sets it for the install in a clone.
if (process.env._PACOTE_NO_PREPARE_ !== undefined) await import('./bundle.js');
