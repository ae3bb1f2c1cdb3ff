import Foundation
import Testing

@testable import Files
@testable import Spool

@Suite struct FairLanesTests {
    private func candidate(_ path: String, _ origin: Candidate.Origin) -> Candidate {
        let stamp = FileStamp(device: 1, inode: 1, size: 1, modified: 1)
        return Candidate(path: RelativePath(path)!, stamp: stamp, arrival: Date(), origin: origin)
    }

    @Test func aBulkKeepsNobodyWaiting() {
        var lanes = FairLanes()
        for index in 0..<100_000 { lanes.push(candidate("bulk/\(index)", .backlog)) }
        for index in 0..<1000 { lanes.push(candidate("dump/\(index)", .arrival)) }
        lanes.push(candidate("album/new", .arrival))
        #expect(lanes.count == 101_001)
        let first = (0..<6).compactMap { _ in lanes.pop()?.path.description }
        #expect(first == ["dump/0", "bulk/0", "album/new", "bulk/1", "dump/1", "bulk/2"])
        var left = 0
        while lanes.pop() != nil { left += 1 }
        #expect(left == 100_995)
        #expect(lanes.isEmpty)
    }

    @Test func aPathIsInItOnce() {
        var lanes = FairLanes()
        lanes.push(candidate("a", .arrival))
        lanes.push(candidate("b", .arrival))
        lanes.push(candidate("a", .backlog))
        #expect(lanes.count == 2)
        lanes.push(candidate("c", .arrival))
        lanes.push(candidate("a", .arrival))
        var order: [String] = []
        while let next = lanes.pop() { order.append("\(next.path)") }
        #expect(order.sorted() == ["a", "b", "c"])
    }

    @Test func whatWaitsIsNotReplacedByAnOlderOne() {
        var lanes = FairLanes()
        let old = Candidate(path: RelativePath("a")!, stamp: .unknown, arrival: Date(), origin: .backlog)
        let new = candidate("a", .arrival)
        lanes.pushIfAbsent(new)
        lanes.pushIfAbsent(old)
        #expect(lanes.count == 1 && lanes.pop() == new)
        lanes.pushIfAbsent(old)
        #expect(lanes.pop() == old)
    }
}
