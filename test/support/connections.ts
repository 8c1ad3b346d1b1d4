import { prepareConnections } from '../../src/net/connections.ts';

/** Direct connections, for all tests of a file. */
export const directConnections = prepareConnections({ env: {}, maxSockets: 64 });
