// The script `prepare` of npm. No other script runs both for `npm pack` or `npm publish` and when npm installs ecrp from git. So each package
// has a fresh dist/.
//
// npm also runs it at the end of `npm ci` and `npm install` in a checkout, where nothing is packed: `npm test` and `npm run demo` build
// themselves, and `--omit=dev` leaves out the bundler. Only a package that npm makes out of a clone has `npm_package_resolved`.

const { npm_command: command, npm_package_resolved: clone } = process.env;
const isCheckout = (command === 'ci' || command === 'install') && clone === undefined;
if (!isCheckout) await import('./bundle.js');
