/** The SDK warns on the console unless it is given a logger. */
export const silentLogger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};
