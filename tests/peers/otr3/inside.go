package main

import (
	"reflect"
	"unsafe"

	"github.com/twstrike/otr3"
)

// The library has no accessors for some of what the contract tells. These read it from the structure itself.

func field(c *otr3.Conversation, name string) reflect.Value {
	return reflect.ValueOf(c).Elem().FieldByName(name)
}

// state is one of plaintext, encrypted and finished.
func state(c *otr3.Conversation) string {
	return []string{"plaintext", "encrypted", "finished"}[field(c, "msgState").Int()]
}

// version is 2, 3, or 0 while none has been agreed on.
func version(c *otr3.Conversation) int {
	value := field(c, "version")
	if value.IsNil() {
		return 0
	}
	return map[string]int{"otrV2": 2, "otrV3": 3}[value.Elem().Type().Name()]
}

func theirInstance(c *otr3.Conversation) uint32 {
	return uint32(field(c, "theirInstanceTag").Uint())
}

// smpState is what the contract calls it: nil, asked or in_progress.
func smpState(c *otr3.Conversation) interface{} {
	value := field(c, "smp").FieldByName("state")
	if value.IsNil() {
		return nil
	}
	switch value.Elem().Type().Name() {
	case "smpStateExpect1":
		return nil
	case "smpStateWaitingForSecret":
		return "asked"
	}
	return "in_progress"
}

// setReceivedKeyHandler does what the other handlers have a method for.
func setReceivedKeyHandler(c *otr3.Conversation, handler otr3.ReceivedKeyHandler) {
	at := unsafe.Pointer(field(c, "receivedKeyHandler").UnsafeAddr())
	*(*otr3.ReceivedKeyHandler)(at) = handler
}
