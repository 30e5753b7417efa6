//go:build bench

// otr3-bench: what the Go library otr3 takes for exchanges, texts, comparisons of secrets and keys. Both sides of a
// conversation are in this process; the clock is the processor time of all its threads, the collector's among them.
package main

import (
	"fmt"
	"io/ioutil"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/twstrike/otr3"
)

// How many pairs are kept alive for the measurement of memory.
const pairs = 200

// work does something so often, with texts of so many bytes where there are any, and tells what that took.
type work func(b *bench, each, size int) (time.Duration, error)

type measurement struct {
	name          string
	work          work
	size          int
	batches, each int
	mean          bool // is printed too
}

var measurements = []measurement{
	{"exchange/3", meet(3), 0, 16, 1, false},
	{"exchange/2", meet(2), 0, 16, 1, false},
	{"ping-pong/64", pingPong, 64, 16, 2, false},
	{"ping-pong/1024", pingPong, 1024, 16, 2, false},
	{"burst/64", burst, 64, 40, 32, false},
	{"burst/1024", burst, 1024, 40, 32, false},
	{"burst/65536", burst, 65536, 20, 8, false},
	{"smp", compare, 0, 4, 1, false},
	{"dsa-key", makeKeys, 0, 12, 1, true},
}

// bench is what the measurements work with.
type bench struct {
	accounts [2]*account
	pair     *pair // of strangers to any other measurement
}

func main() {
	quick := len(os.Args) == 2 && os.Args[1] == "--quick"
	if len(os.Args) > 1 && !quick {
		fmt.Fprintln(os.Stderr, "usage: otr3-bench [--quick]")
		os.Exit(2)
	}
	if err := run(quick); err != nil {
		fmt.Fprintf(os.Stderr, "otr3-bench: %s\n", err)
		os.Exit(1)
	}
}

func run(quick bool) error {
	accounts, err := openAccounts()
	if err != nil {
		return err
	}
	for _, m := range measurements {
		if quick {
			m.batches /= 4
		}
		if err := m.run(accounts); err != nil {
			return fmt.Errorf("%s: %s", m.name, err)
		}
	}
	bytes, err := memory(accounts)
	if err != nil {
		return fmt.Errorf("memory: %s", err)
	}
	fmt.Printf("{\"name\":\"memory\",\"pairs\":%d,\"bytes\":%d}\n", pairs, bytes)
	return nil
}

func (m measurement) run(accounts [2]*account) error {
	pair, err := openPair(accounts, 3)
	if err != nil {
		return err
	}
	b := &bench{accounts: accounts, pair: pair}
	if _, err := m.work(b, m.each, m.size); err != nil { // to warm up
		return err
	}
	times, sum := make([]int64, m.batches), int64(0)
	for i := range times {
		taken, err := m.work(b, m.each, m.size)
		if err != nil {
			return err
		}
		times[i] = taken.Nanoseconds() / int64(m.each)
		sum += times[i]
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	mean := ""
	if m.mean {
		mean = fmt.Sprintf(",\"mean_ns\":%d", sum/int64(m.batches))
	}
	fmt.Printf("{\"name\":\"%s\",\"iterations\":%d,\"median_ns\":%d,\"min_ns\":%d%s}\n",
		m.name, m.batches*m.each, times[m.batches/2], times[0], mean)
	return nil
}

// timed is the processor time that something takes, that of every thread.
func timed(what func() error) (time.Duration, error) {
	begun, err := processorTime()
	if err != nil {
		return 0, err
	}
	if err := what(); err != nil {
		return 0, err
	}
	ended, err := processorTime()
	return ended - begun, err
}

func processorTime() (time.Duration, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err
}

func meet(version int) work {
	return func(b *bench, each, _ int) (time.Duration, error) {
		sum := time.Duration(0)
		for i := 0; i < each; i++ {
			taken, err := timed(newPair(b.accounts, version).exchange)
			if err != nil {
				return 0, err
			}
			sum += taken
		}
		return sum, nil
	}
}

// Each text is answered by the next, so each rotates keys.
func pingPong(b *bench, each, size int) (time.Duration, error) {
	text := strings.Repeat("x", size)
	return timed(func() error {
		for i := 0; i < each; i++ {
			if err := b.pair.handOver(i%2, text); err != nil {
				return err
			}
		}
		return nil
	})
}

// One side writes, then the other reads; nothing is answered.
func burst(b *bench, each, size int) (time.Duration, error) {
	text := strings.Repeat("x", size)
	messages := make([]otr3.ValidMessage, each)
	return timed(func() error {
		for i := range messages {
			var err error
			if messages[i], err = b.pair.seal(0, text); err != nil {
				return err
			}
		}
		for _, message := range messages {
			if err := b.pair.open(1, message, size); err != nil {
				return err
			}
		}
		return nil
	})
}

func compare(b *bench, each, _ int) (time.Duration, error) {
	return timed(func() error {
		for i := 0; i < each; i++ {
			if err := b.pair.compare(); err != nil {
				return err
			}
		}
		return nil
	})
}

func makeKeys(_ *bench, each, _ int) (time.Duration, error) {
	return timed(func() error {
		for i := 0; i < each; i++ {
			if err := new(account).openKey(); err != nil {
				return err
			}
		}
		return nil
	})
}

// memory is how many bytes of resident memory a pair takes after an exchange and two texts each way.
func memory(accounts [2]*account) (int, error) {
	kept := make([]*pair, pairs+1)
	before := 0
	for i := range kept {
		if i == 1 {
			var err error
			if before, err = resident(); err != nil {
				return 0, err
			}
		}
		pair, err := openPair(accounts, 3)
		if err != nil {
			return 0, err
		}
		if err := pair.crossTexts(strings.Repeat("x", 64)); err != nil {
			return 0, err
		}
		kept[i] = pair
	}
	after, err := resident()
	runtime.KeepAlive(kept)
	return (after - before) / pairs, err
}

// resident is the resident memory of the process in bytes, once what is free has been given back.
func resident() (int, error) {
	debug.FreeOSMemory()
	statm, err := ioutil.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, resident int
	_, err = fmt.Sscan(string(statm), &size, &resident)
	return resident * os.Getpagesize(), err
}
