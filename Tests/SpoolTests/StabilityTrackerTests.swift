import Foundation
import Testing

@testable import Files
@testable import Spool

@Suite struct StabilityTrackerTests {
    private let path = RelativePath("a.tif")!

    private func stamp(_ size: Int64) -> FileStamp {
        FileStamp(device: 1, inode: 1, size: size, modified: 0)
    }

    private let start = ContinuousClock.now

    private func time(_ seconds: Double) -> ContinuousClock.Instant {
        start.advanced(by: .seconds(seconds))
    }

    @Test func aFileMustRest() {
        var stability = StabilityTracker(quiet: 2, patience: 30)
        stability.scanned(path, stamp(1), at: time(0))
        #expect(stability.popDue(at: time(1.9)) == nil)
        #expect(stability.popDue(at: time(2)) == path)
        let candidate = stability.examined(path, stamp(1), at: time(2), arrival: Date())
        #expect(candidate?.stamp == stamp(1))
        #expect(candidate?.origin == .backlog)
        #expect(stability.isEmpty)
    }

    @Test func aChangeStartsTheWaitAgain() {
        var stability = StabilityTracker(quiet: 2, patience: 30)
        stability.arrived(path, stamp(1), wait: .quiet, at: time(0))
        #expect(stability.popDue(at: time(2)) == path)
        #expect(stability.examined(path, stamp(2), at: time(2), arrival: Date()) == nil)
        #expect(stability.popDue(at: time(3)) == nil)
        stability.arrived(path, stamp(3), wait: .quiet, at: time(3.5))
        #expect(stability.popDue(at: time(4)) == nil)
        #expect(stability.popDue(at: time(5.5)) == path)
        #expect(stability.examined(path, stamp(3), at: time(5.5), arrival: Date()) != nil)
    }

    @Test func aRenamedFileNeedNotRest() {
        var stability = StabilityTracker(quiet: 2, patience: 30)
        stability.arrived(path, stamp(1), wait: .none, at: time(0))
        #expect(stability.popDue(at: time(0)) == path)
        #expect(stability.examined(path, stamp(1), at: time(0), arrival: Date())?.origin == .arrival)
    }

    @Test func anOpenFileWaitsForItsClose() {
        var stability = StabilityTracker(quiet: 2, patience: 30)
        stability.arrived(path, stamp(0), wait: .patience, at: time(0))
        // A scan in between changes nothing.
        stability.scanned(path, stamp(0), at: time(1))
        #expect(stability.popDue(at: time(29)) == nil)
        stability.arrived(path, stamp(9), wait: .quiet, at: time(29))
        #expect(stability.popDue(at: time(30)) == nil)
        #expect(stability.popDue(at: time(31)) == path)
    }

    @Test func aTruncatedFileGetsALastChance() {
        var stability = StabilityTracker(quiet: 2, patience: 30)
        let candidate = Candidate(path: path, stamp: stamp(1), arrival: Date(), origin: .arrival)
        stability.truncated(candidate, at: time(0))
        #expect(stability.popDue(at: time(29)) == nil)
        #expect(stability.popDue(at: time(30)) == path)
        #expect(stability.examined(path, stamp(1), at: time(30), arrival: Date())?.isLastChance == true)

        // One that goes on growing is as good as new.
        stability.truncated(candidate, at: time(40))
        stability.scanned(path, stamp(2), at: time(41))
        #expect(stability.popDue(at: time(43)) == path)
        #expect(stability.examined(path, stamp(2), at: time(43), arrival: Date())?.isLastChance == false)
    }

    @Test func whatIsGoneIsForgotten() {
        var stability = StabilityTracker(quiet: 2, patience: 30)
        stability.scanned(path, stamp(1), at: time(0))
        stability.scanned(RelativePath("album/b")!, stamp(1), at: time(0))
        stability.scanned(RelativePath("album2/c")!, stamp(1), at: time(0))
        stability.forget(path)
        stability.forgetTree(RelativePath("album")!)
        #expect(stability.popDue(at: time(9)) == RelativePath("album2/c"))
        #expect(stability.examined(RelativePath("album2/c")!, nil, at: time(9), arrival: Date()) == nil)
        #expect(stability.isEmpty)
        #expect(stability.popDue(at: time(99)) == nil)
    }

    @Test func deliveredFilesAreKnownUntilAScanMissesThem() {
        var seen = SeenIndex()
        seen.insert(path, stamp(1))
        #expect(seen.contains(path, stamp(1)) == true)
        #expect(seen.contains(path, stamp(2)) == false)
        seen.beginScan()
        seen.endScan(complete: false)
        #expect(seen.contains(path, stamp(1)) == true)
        seen.beginScan()
        #expect(seen.contains(path, stamp(1)) == true)
        seen.endScan(complete: true)
        #expect(seen.contains(path, stamp(1)) == true)
        seen.beginScan()
        seen.endScan(complete: true)
        #expect(seen.contains(path, stamp(1)) == false)
    }

    /// What a scan finds where an earlier one found nothing has arrived since: a polled inbox has no other arrivals.
    @Test func aLaterScanFindsArrivals() {
        var stability = StabilityTracker(quiet: 2, patience: 30)
        stability.scanned(path, stamp(1), at: time(0), as: .arrival)
        #expect(stability.popDue(at: time(2)) == path)
        #expect(stability.examined(path, stamp(1), at: time(2), arrival: Date())?.origin == .arrival)
    }
}
