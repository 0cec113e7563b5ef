package ecoauth

import (
	"log"
	"runtime/debug"
	"sync"
)

// handlers calls the program's handlers in order, on a goroutine that lives as long as there are events. The reader never waits for
// them: they may make calls that wait.
type handlers struct {
	onPin   func(Pin)
	onEvent func(Event)
	log     *log.Logger

	mutex   sync.Mutex
	waiting []Event
	running bool
}

func (h *handlers) add(event Event) {
	if h.onEvent == nil && (h.onPin == nil || event.Kind != EventPin) {
		return
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.waiting = append(h.waiting, event)
	if !h.running {
		h.running = true
		go h.run()
	}
}

func (h *handlers) next() (Event, bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if len(h.waiting) == 0 {
		h.running = false
		h.waiting = nil
		return Event{}, false
	}
	event := h.waiting[0]
	h.waiting = h.waiting[1:]
	return event, true
}

func (h *handlers) run() {
	for event, more := h.next(); more; event, more = h.next() {
		if h.onPin != nil && event.Kind == EventPin {
			h.guard(func() { h.onPin(event.Pin) })
		}
		if h.onEvent != nil {
			h.guard(func() { h.onEvent(event) })
		}
	}
}

func (h *handlers) guard(function func()) {
	defer func() {
		if recovered := recover(); recovered != nil {
			h.log.Printf("ecoauth: panic in a handler: %v\n%s", recovered, debug.Stack())
		}
	}()
	function()
}
