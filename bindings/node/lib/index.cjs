'use strict';
const { Client, Account } = require('./client.cjs');
const { FileStore, MemoryStore, RetryLater } = require('./stores.cjs');
const { Token, Pin, Unsaved, Response } = require('./values.cjs');
const { loadLibrary, libraryVersion, hasFeature, runtimeInfo } = require('./native.cjs');
const { EcoauthError, WaitError, RetryError, ReauthorizeError, UserActionError, ConfigError, StorageError, DefectError, AbortError,
  TimeoutError, ClosedError, ForkedError } = require('./errors.cjs');
const { Code, Action, GrantState, Flag, LogLevel, KeepFresh, Role, Polling, ParameterStyle, Flow } = require('./numbers.cjs');

// Written out, so that Node finds the names of an ES module's imports.
module.exports = {
  Client, Account, FileStore, MemoryStore, RetryLater, Token, Pin, Unsaved, Response, loadLibrary, libraryVersion, hasFeature, runtimeInfo,
  EcoauthError, WaitError, RetryError, ReauthorizeError, UserActionError, ConfigError, StorageError, DefectError, AbortError, TimeoutError,
  ClosedError, ForkedError, Code, Action, GrantState, Flag, LogLevel, KeepFresh, Role, Polling, ParameterStyle, Flow,
};
