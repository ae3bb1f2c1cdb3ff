import CInotifyTools
import Digest
import Foundation
import TestSupport
import Testing

@testable import Service

@Suite struct LoadedModelTests {
    /// Opened twice by its name, the weights could be of one file and the hash of another.
    @Test func aModelFileIsOpenedOnce() throws {
        let watch = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        try #require(watch >= 0)
        defer { close(watch) }
        let folder = try TemporaryFolder()
        let path = folder.file("model.safetensors")
        try FileManager.default.copyItem(atPath: Repository.model, toPath: path)
        // Equal events in a row are told once; reads stand between two that open it.
        try #require(inotify_add_watch(watch, path, UInt32(IN_OPEN | IN_ACCESS)) >= 0)
        let model = try LoadedModel.load(path)
        // All events are of the file itself, so that they have no names and one length.
        var events = [inotify_event](repeating: inotify_event(), count: 1000)
        let size = MemoryLayout<inotify_event>.stride
        let count = read(watch, &events, events.count * size) / size
        #expect(events.prefix(count).filter { $0.mask & UInt32(IN_OPEN) != 0 }.count == 1)
        #expect(try model.metadata.sha256 == ContentHash(file: path).hex)
    }
}
