// One state for both module systems.
import ecoauth from './index.cjs';

export const {
  Client, Account, FileStore, MemoryStore, RetryLater, Token, Pin, Unsaved, Response, loadLibrary, libraryVersion, hasFeature, runtimeInfo,
  EcoauthError, WaitError, RetryError, ReauthorizeError, UserActionError, ConfigError, StorageError, DefectError, AbortError, TimeoutError,
  ClosedError, ForkedError, Code, Action, GrantState, Flag, LogLevel, KeepFresh, Role, Polling, ParameterStyle, Flow,
} = ecoauth;
export default ecoauth;
