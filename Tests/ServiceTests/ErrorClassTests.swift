import Colorization
import Files
import Foundation
import Imaging
import Spool
import Testing

@testable import Service

@Suite struct ErrorClassTests {
    @Test func aColoredPhotographIsSkippedOrRejected() {
        #expect(
            ErrorClass(ColorizationError.skippedColored(), of: "a")
                == .skipped("the photograph is already in colour (colored: skip)"))
        #expect(
            ErrorClass(ColorizationError.rejectedColored(), of: "a")
                == .permanent("the photograph is already in colour (colored: reject)"))
    }

    @Test func theFilesNameIsNotSaidTwice() {
        let error = ImagingError.unsupported(file: "a.jpg", reason: "not a picture")
        #expect(ErrorClass(error, of: "a.jpg") == .permanent("not supported: not a picture"))
        #expect(ErrorClass(error, of: "b.jpg") == .permanent("a.jpg: not supported: not a picture"))
    }

    private static let imaging: [(ImagingError, String)] = [
        (.damaged(file: "a", reason: "r"), "incomplete"), (.overLimit(file: "a", reason: "r"), "permanent"),
        (.unsupported(file: "a", reason: "r"), "permanent"), (.notAPhotograph(file: "a", reason: "r"), "permanent"),
        (.cannotOpen(file: "a", code: EACCES), "temporary"), (.cannotOpen(file: "a", code: EMFILE), "temporary"),
        (.cannotRead(file: "a", code: EIO), "temporary"), (.tooSlow(file: "a", seconds: 1), "temporary"),
        (.cannotWrite(file: "a", code: EIO), "temporary"), (.cannotWrite(file: "a", code: ENOSPC), "noSpace"),
        (.cannotWrite(file: "a", code: EDQUOT), "noSpace"), (.cannotEncode(file: "a", reason: "r"), "permanent"),
        (.library(reason: "r"), "temporary"),
        (.cannotEncode(file: "a", reason: "vips_tracked: out of memory --- size == 48MB"), "temporary"),
        (.damaged(file: "a", reason: "VipsJpeg: Insufficient memory (case 4)"), "temporary"),
        (.damaged(file: "a", reason: "VipsJpeg: Premature end of JPEG file"), "incomplete"),
    ]
    private static let files: [(FileError, String)] = [
        (.noSpace(path: "/o", needed: 1, available: 0), "noSpace"),
        (.system(operation: "write", path: "/o", code: ENOSPC), "noSpace"),
        (.system(operation: "open", path: "/i/a", code: EACCES), "temporary"),
        (.system(operation: "open", path: "/i/a", code: EPERM), "temporary"),
        (.system(operation: "make directory", path: "/o/.autochrome-1", code: EACCES), "temporary"),
        (.system(operation: "read", path: "a", code: EIO), "temporary"),
        (.system(operation: "open", path: "a", code: ENOENT), "gone"), (.missing(path: "a"), "gone"),
        (.changed(path: "a"), "gone"), (.refused(path: "a", reason: .symbolicLink), "permanent"),
        (.damaged(path: "/o", detail: "d"), "temporary"),
    ]

    private func kind(_ verdict: ErrorClass) -> String {
        switch verdict {
        case .skipped: "skipped"
        case .incomplete: "incomplete"
        case .temporary: "temporary"
        case .noSpace: "noSpace"
        case .gone: "gone"
        case .abandoned: "abandoned"
        case .permanent: "permanent"
        }
    }

    @Test(arguments: imaging) func ofAPicturesFile(_ error: ImagingError, _ expected: String) {
        #expect(kind(ErrorClass(error, of: "a")) == expected, "\(error)")
    }

    @Test func ofTheLedger() {
        #expect(kind(ErrorClass(SpoolError.ledger(path: "/l", detail: "d"), of: "a")) == "temporary")
    }

    @Test(arguments: files) func ofTheSpoolsFiles(_ error: FileError, _ expected: String) {
        #expect(kind(ErrorClass(error, of: "a")) == expected, "\(error)")
    }

    @Test func ofSettingsAndTheSystem() {
        #expect(ErrorClass(ConfigurationError.refused(file: "s.yaml", "bad"), of: "a") == .temporary("s.yaml: bad"))
        #expect(kind(ErrorClass(CocoaError(.fileWriteOutOfSpace), of: "a")) == "noSpace")
        #expect(kind(ErrorClass(ColorizationError.nonFinite, of: "a")) == "permanent")
        #expect(kind(ErrorClass(POSIXError(.EIO), of: "a")) == "temporary")
    }
}
