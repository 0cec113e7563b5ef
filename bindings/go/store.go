package ecoauth

// #include "bridge.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime/cgo"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Store is a store of the program's own. Its methods are called on threads of the library, one at a time per account; they may
// block. The context says that a call comes from the library: calls of this package that wait refuse it with Reentrant. An error
// they return, or a panic, ends the call that needed the store, and errors.Is and errors.As find it there; nothing is lost.
type Store interface {
	// Load returns the record, or false when there is none. Damage is an error, never false.
	Load(ctx context.Context, key string) (record []byte, found bool, err error)
	// Save replaces the record durably if the stored one was saved with expectedSeq (0: there is none), and keeps newSeq with it;
	// false when it was not.
	Save(ctx context.Context, key string, expectedSeq int64, record []byte, newSeq int64) (saved bool, err error)
	// Erase forgets the record, durably; no error when there is none.
	Erase(ctx context.Context, key string) error
}

// Lister is a Store that can say which records it has.
type Lister interface {
	List(ctx context.Context) (keys []string, err error)
}

// Locker is a Store that several processes may share. Lock takes the right to refresh a record until the context ends: false when
// another process holds it. It must end with the process.
type Locker interface {
	Lock(ctx context.Context, key string) (locked bool, err error)
	Unlock(ctx context.Context, key string)
}

// ErrRetryLater, returned or wrapped by a method of a Store, says "for now": the library tries again.
var ErrRetryLater = errors.New("the store failed for now")

// Storage is where a client keeps its records: FileStore, MemoryStore or OwnStore.
type Storage interface {
	make(thrown *lastError) (*C.ecoauth_store, error)
}

type storage func(thrown *lastError) (*C.ecoauth_store, error)

func (s storage) make(thrown *lastError) (*C.ecoauth_store, error) {
	store, err := s(thrown)
	if store == nil && err == nil {
		err = makeError(InvalidArgument, FixConfig, "the store was refused")
	}
	return store, err
}

// MemoryStore lasts as long as the client.
func MemoryStore() Storage {
	return storage(func(*lastError) (*C.ecoauth_store, error) { return C.ecoauth_store_new_memory(), nil })
}

// FileStore is a folder with one file per record, safe against crashes and shared safely between processes of one machine.
func FileStore(folder string) Storage { return fileStore(folder, false) }

// FileStoreOnNetwork is a FileStore that also refreshes on a network file system. Only when one machine uses it.
func FileStoreOnNetwork(folder string) Storage { return fileStore(folder, true) }

func fileStore(folder string, network bool) Storage {
	return storage(func(*lastError) (*C.ecoauth_store, error) {
		converted, err := cText(folder, "the folder")
		if err != nil {
			return nil, err
		}
		defer C.ecoauth_go_wipe_and_free(converted)
		store := C.ecoauth_store_new_file(converted)
		if store != nil && network {
			C.ecoauth_store_allow_network(store)
		}
		return store, nil
	})
}

// OwnStore keeps records in a store of the program's own.
func OwnStore(store Store) Storage {
	return storage(func(thrown *lastError) (*C.ecoauth_store, error) {
		if store == nil {
			return nil, nil
		}
		_, lists := store.(Lister)
		_, locks := store.(Locker)
		handle := cgo.NewHandle(&kept{store: store, thrown: thrown})
		return C.ecoauth_go_new_store(C.uintptr_t(handle), flag(lists), flag(locks)), nil
	})
}

// Seal says where the keys come from that encrypt records before any store sees them (<ecoauth/store.h>, "Sealing").
type Seal func(store *C.ecoauth_store, thrown *lastError) error

// SealWithKeys asks a function for keys of 32 random bytes: the current one for an empty id, else the one of this id.
func SealWithKeys(keys func(ctx context.Context, id string) (key []byte, found bool, err error)) Seal {
	return func(store *C.ecoauth_store, thrown *lastError) error {
		handle := cgo.NewHandle(&kept{keys: keys, thrown: thrown})
		return refusedSeal(C.ecoauth_go_seal_with_callback(store, C.uintptr_t(handle)))
	}
}

// SealWithFile reads keys from a file that no other user can read.
func SealWithFile(path string) Seal {
	return func(store *C.ecoauth_store, _ *lastError) error {
		converted, err := cText(path, "the key's path")
		if err != nil {
			return err
		}
		defer C.ecoauth_go_wipe_and_free(converted)
		return refusedSeal(C.ecoauth_store_seal_with_file(store, converted))
	}
}

// SealWithDescriptor reads keys from a descriptor, once.
func SealWithDescriptor(fd uintptr) Seal {
	return func(store *C.ecoauth_store, _ *lastError) error {
		return refusedSeal(C.ecoauth_store_seal_with_fd(store, C.int32_t(fd)))
	}
}

// SealWithSecretService takes the key from the user's keyring; empty texts are the library's defaults.
func SealWithSecretService(label, busAddress string) Seal {
	return func(store *C.ecoauth_store, _ *lastError) error {
		var texts [2]*C.char
		for index, text := range []string{label, busAddress} {
			if text != "" {
				converted, err := cText(text, "the keyring's name")
				if err != nil {
					return err
				}
				defer C.ecoauth_go_wipe_and_free(converted)
				texts[index] = converted
			}
		}
		return refusedSeal(C.ecoauth_store_seal_with_secret_service(store, texts[0], texts[1]))
	}
}

func refusedSeal(result C.int32_t) error {
	if result < 0 {
		return makeError(Code(result), FixConfig, "the option Seal was refused")
	}
	return nil
}

func flag(yes bool) C.int {
	if yes {
		return 1
	}
	return 0
}

// lastError keeps what a store has returned, for the error that comes of it.
type lastError struct {
	mutex sync.Mutex
	err   error
}

func (l *lastError) put(err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.err = err
}

func (l *lastError) explain(failure *Error) *Error {
	if failure != nil && failure.Action == FixStorage {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		failure.cause = l.err
	}
	return failure
}

// kept is what a handle stands for in the library.
type kept struct {
	store  Store
	keys   func(context.Context, string) ([]byte, bool, error)
	thrown *lastError
}

type insideKey struct{}

var insideCallback = context.WithValue(context.Background(), insideKey{}, true)

// call runs one callback. Whatever goes wrong, a panic too, is kept and is FATAL, or RETRY when it says so.
func call(handle C.uintptr_t, function func(*kept) (C.int32_t, error)) (result C.int32_t) {
	called := cgo.Handle(handle).Value().(*kept)
	defer func() {
		if recovered := recover(); recovered != nil {
			called.thrown.put(fmt.Errorf("panic in a store: %v", recovered))
			result = C.ECOAUTH_STORE_FATAL
		}
	}()
	result, err := function(called)
	if err == nil {
		return result
	}
	called.thrown.put(err)
	if errors.Is(err, ErrRetryLater) {
		return C.ECOAUTH_STORE_RETRY
	}
	return C.ECOAUTH_STORE_FATAL
}

func answer(yes bool, no C.int32_t) C.int32_t {
	if yes {
		return C.ECOAUTH_STORE_OK
	}
	return no
}

func handOver(blob *C.ecoauth_blob, data []byte) C.int32_t {
	var first unsafe.Pointer
	if len(data) > 0 {
		first = unsafe.Pointer(&data[0])
	}
	return answer(C.ecoauth_blob_set(blob, first, C.size_t(len(data))) == 0, C.ECOAUTH_STORE_RETRY)
}

//export ecoauthGoFinalize
func ecoauthGoFinalize(handle C.uintptr_t) { cgo.Handle(handle).Delete() }

//export ecoauthGoLoad
func ecoauthGoLoad(handle C.uintptr_t, key *C.char, out *C.ecoauth_blob) C.int32_t {
	return call(handle, func(called *kept) (C.int32_t, error) {
		record, found, err := called.store.Load(insideCallback, C.GoString(key))
		if err != nil || !found {
			return C.ECOAUTH_STORE_NOT_FOUND, err
		}
		return handOver(out, record), nil
	})
}

//export ecoauthGoSave
func ecoauthGoSave(handle C.uintptr_t, key *C.char, expectedSeq C.int64_t, data unsafe.Pointer, size C.size_t, newSeq C.int64_t) C.int32_t {
	return call(handle, func(called *kept) (C.int32_t, error) {
		saved, err := called.store.Save(insideCallback, C.GoString(key), int64(expectedSeq), C.GoBytes(data, C.int(size)), int64(newSeq))
		return answer(saved, C.ECOAUTH_STORE_CONFLICT), err
	})
}

//export ecoauthGoErase
func ecoauthGoErase(handle C.uintptr_t, key *C.char) C.int32_t {
	return call(handle, func(called *kept) (C.int32_t, error) {
		return C.ECOAUTH_STORE_OK, called.store.Erase(insideCallback, C.GoString(key))
	})
}

//export ecoauthGoList
func ecoauthGoList(handle C.uintptr_t, out *C.ecoauth_blob) C.int32_t {
	return call(handle, func(called *kept) (C.int32_t, error) {
		keys, err := called.store.(Lister).List(insideCallback)
		if err != nil {
			return C.ECOAUTH_STORE_FATAL, err
		}
		return handOver(out, []byte(strings.Join(keys, "\n"))), nil
	})
}

//export ecoauthGoLock
func ecoauthGoLock(handle C.uintptr_t, key *C.char, timeout C.int64_t) C.int32_t {
	return call(handle, func(called *kept) (C.int32_t, error) {
		ctx := insideCallback
		if timeout >= 0 {
			limited, stop := context.WithTimeout(ctx, time.Duration(timeout)*time.Millisecond)
			defer stop()
			ctx = limited
		}
		locked, err := called.store.(Locker).Lock(ctx, C.GoString(key))
		if err != nil && ctx.Err() != nil {
			return C.ECOAUTH_STORE_CONFLICT, nil
		}
		return answer(locked, C.ECOAUTH_STORE_CONFLICT), err
	})
}

//export ecoauthGoUnlock
func ecoauthGoUnlock(handle C.uintptr_t, key *C.char) {
	call(handle, func(called *kept) (C.int32_t, error) {
		called.store.(Locker).Unlock(insideCallback, C.GoString(key))
		return C.ECOAUTH_STORE_OK, nil
	})
}

//export ecoauthGoSealKey
func ecoauthGoSealKey(handle C.uintptr_t, id *C.char, out *C.ecoauth_blob) C.int32_t {
	return call(handle, func(called *kept) (C.int32_t, error) {
		key, found, err := called.keys(insideCallback, C.GoString(id))
		if err != nil || !found {
			return C.ECOAUTH_STORE_NOT_FOUND, err
		}
		return handOver(out, key), nil
	})
}
