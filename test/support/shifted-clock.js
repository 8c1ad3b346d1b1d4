import { existsSync } from 'node:fs';

// Loaded into a program under test by `node --import`. Its wall clock is ahead by ECRP_TEST_CLOCK_MS, and by ECRP_TEST_CLOCK_LATER_MS once the
// file ECRP_TEST_CLOCK_JUMP exists. Other clocks stay as they are.

const { ECRP_TEST_CLOCK_MS, ECRP_TEST_CLOCK_LATER_MS, ECRP_TEST_CLOCK_JUMP } = process.env;
const RealDate = Date;

function readClock() {
  const hasJumped = ECRP_TEST_CLOCK_JUMP !== undefined && existsSync(ECRP_TEST_CLOCK_JUMP);
  return RealDate.now() + Number((hasJumped ? ECRP_TEST_CLOCK_LATER_MS : ECRP_TEST_CLOCK_MS) ?? 0);
}

globalThis.Date = class extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(readClock());
    else super(...values);
  }

  static now() {
    return readClock();
  }
};
