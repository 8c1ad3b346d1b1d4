import { prepareConnections } from '../../src/net/connections.ts';

/** Connections that no proxy is between, for all tests of a file. */
export const directConnections = prepareConnections({ env: {}, maxSockets: 64 });
