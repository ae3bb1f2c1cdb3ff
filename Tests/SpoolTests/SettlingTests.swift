import Foundation
import Testing

@testable import Spool

@Suite struct SettlingTests {
    private let path = SpoolPath("a.tif")!

    private func stamp(_ size: Int64) -> FileStamp {
        FileStamp(device: 1, inode: 1, size: size, modified: 0)
    }

    private func time(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: 0) + seconds
    }

    @Test func aFileMustRest() {
        var settling = Settling(quiet: 2, patience: 30)
        settling.scanned(path, stamp(1), at: time(0))
        #expect(settling.popDue(at: time(1.9)) == nil)
        #expect(settling.popDue(at: time(2)) == path)
        let candidate = settling.examined(path, stamp(1), at: time(2), arrival: Date())
        #expect(candidate?.stamp == stamp(1))
        #expect(candidate?.origin == .backlog)
        #expect(settling.isEmpty)
    }

    @Test func aChangeStartsTheWaitAgain() {
        var settling = Settling(quiet: 2, patience: 30)
        settling.arrived(path, stamp(1), wait: .quiet, at: time(0))
        #expect(settling.popDue(at: time(2)) == path)
        #expect(settling.examined(path, stamp(2), at: time(2), arrival: Date()) == nil)
        #expect(settling.popDue(at: time(3)) == nil)
        settling.arrived(path, stamp(3), wait: .quiet, at: time(3.5))
        #expect(settling.popDue(at: time(4)) == nil)
        #expect(settling.popDue(at: time(5.5)) == path)
        #expect(settling.examined(path, stamp(3), at: time(5.5), arrival: Date()) != nil)
    }

    @Test func aRenamedFileNeedNotRest() {
        var settling = Settling(quiet: 2, patience: 30)
        settling.arrived(path, stamp(1), wait: .none, at: time(0))
        #expect(settling.popDue(at: time(0)) == path)
        #expect(settling.examined(path, stamp(1), at: time(0), arrival: Date())?.origin == .arrival)
    }

    @Test func anOpenFileWaitsForItsClose() {
        var settling = Settling(quiet: 2, patience: 30)
        settling.arrived(path, stamp(0), wait: .patience, at: time(0))
        // A scan in between changes nothing.
        settling.scanned(path, stamp(0), at: time(1))
        #expect(settling.popDue(at: time(29)) == nil)
        settling.arrived(path, stamp(9), wait: .quiet, at: time(29))
        #expect(settling.popDue(at: time(30)) == nil)
        #expect(settling.popDue(at: time(31)) == path)
    }

    @Test func aTruncatedFileGetsALastChance() {
        var settling = Settling(quiet: 2, patience: 30)
        let candidate = Candidate(path: path, stamp: stamp(1), arrival: Date(), origin: .arrival)
        settling.truncated(candidate, at: time(0))
        #expect(settling.popDue(at: time(29)) == nil)
        #expect(settling.popDue(at: time(30)) == path)
        #expect(settling.examined(path, stamp(1), at: time(30), arrival: Date())?.isLastChance == true)

        // One that goes on growing is as good as new.
        settling.truncated(candidate, at: time(40))
        settling.scanned(path, stamp(2), at: time(41))
        #expect(settling.popDue(at: time(43)) == path)
        #expect(settling.examined(path, stamp(2), at: time(43), arrival: Date())?.isLastChance == false)
    }

    @Test func whatIsGoneIsForgotten() {
        var settling = Settling(quiet: 2, patience: 30)
        settling.scanned(path, stamp(1), at: time(0))
        settling.scanned(SpoolPath("album/b")!, stamp(1), at: time(0))
        settling.scanned(SpoolPath("album2/c")!, stamp(1), at: time(0))
        settling.forget(path)
        settling.forgetTree(SpoolPath("album")!)
        #expect(settling.popDue(at: time(9)) == SpoolPath("album2/c"))
        #expect(settling.examined(SpoolPath("album2/c")!, nil, at: time(9), arrival: Date()) == nil)
        #expect(settling.isEmpty)
        #expect(settling.popDue(at: time(99)) == nil)
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
}

@Suite struct WorkQueueTests {
    private func candidate(_ path: String, _ origin: Candidate.Origin) -> Candidate {
        let stamp = FileStamp(device: 1, inode: 1, size: 1, modified: 1)
        return Candidate(path: SpoolPath(path)!, stamp: stamp, arrival: Date(), origin: origin)
    }

    @Test func aBulkKeepsNobodyWaiting() {
        var queue = WorkQueue()
        for index in 0..<100_000 { queue.push(candidate("bulk/\(index)", .backlog)) }
        for index in 0..<1000 { queue.push(candidate("dump/\(index)", .arrival)) }
        queue.push(candidate("album/new", .arrival))
        #expect(queue.count == 101_001)
        let first = (0..<6).compactMap { _ in queue.pop()?.path.description }
        #expect(first == ["dump/0", "bulk/0", "album/new", "bulk/1", "dump/1", "bulk/2"])
        var left = 0
        while queue.pop() != nil { left += 1 }
        #expect(left == 100_995)
        #expect(queue.isEmpty)
    }

    @Test func aPathIsInItOnce() {
        var queue = WorkQueue()
        queue.push(candidate("a", .arrival))
        queue.push(candidate("b", .arrival))
        queue.push(candidate("a", .backlog))
        #expect(queue.count == 2)
        queue.remove(SpoolPath("a")!)
        queue.push(candidate("c", .arrival))
        queue.push(candidate("a", .arrival))
        var order: [String] = []
        while let next = queue.pop() { order.append("\(next.path)") }
        #expect(order.sorted() == ["a", "b", "c"])
    }
}
