//go:build wasip1

package main

import "unsafe"

// The host writes a request into sluice_alloc(n), calls sluice_call(n), and reads as many bytes as that returned
// from sluice_result(). The buffers are globals so that the garbage collector keeps them between the calls.
var requestBuffer, resultBuffer []byte

//go:wasmexport sluice_alloc
func sluiceAlloc(bytes int32) unsafe.Pointer {
	requestBuffer = make([]byte, bytes)
	return unsafe.Pointer(unsafe.SliceData(requestBuffer))
}

//go:wasmexport sluice_call
func sluiceCall(bytes int32) int32 {
	resultBuffer = answer(requestBuffer[:bytes])
	requestBuffer = nil
	return int32(len(resultBuffer))
}

//go:wasmexport sluice_result
func sluiceResult() unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(resultBuffer))
}
