// The split of users between the stable version and the canary: the formula of serving/assignment.py.
'use strict';

const { createHash } = require('node:crypto');

/** Where a user stands between 0 and 1, 1 excluded. */
function position(user, salt, experiment = 'canary') {
  const digest = createHash('sha256').update(`${experiment}\0${salt}\0${user}`, 'utf8').digest();
  return Number(digest.readBigUInt64BE(0) >> 11n) / 2 ** 53;
}

/** The arm of a user, which is the version label to ask for. */
function arm(user, share, salt, experiment = 'canary') {
  return position(user, salt, experiment) < share ? 'canary' : 'stable';
}

module.exports = { arm, position };
