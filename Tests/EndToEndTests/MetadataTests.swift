import Digest
import Foundation
import Imaging
import TestSupport
import Testing

extension EndToEnd {
    /// What variants say of their photographs, as exiftool reads it.
    @Suite(.enabled(if: ExifTool.isThere, "needs exiftool")) struct MetadataTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        /// Colours a folder and gives the variants' fields by the names of the photographs.
        private func colored(_ path: String, _ format: OutputFormat, _ more: String...) async throws
            -> [String: ExifTool.Fields]
        {
            let output = folder.path + "/out-" + format.rawValue
            let child = try Child(
                [
                    "colorize", path, "--output", output, "--samples", "1", "--colored", "recolor", "--format",
                    format.rawValue,
                ] + more)
            let outcome = await child.wait()
            #expect(outcome.code == 0, "\(outcome.errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: output).filter { !$0.hasPrefix(".") }
            let files = names.map { "\(output)/\($0)/01.\(format.fileExtension)" }
            var result: [String: ExifTool.Fields] = [:]
            for (file, fields) in try ExifTool.read(files) {
                result[file.split(separator: "/").dropLast().last.map(String.init)!] = fields
            }
            return result
        }

        private func document(_ name: String, _ format: OutputFormat) throws -> [String: Any] {
            try PublishedFolder("\(folder.path)/out-\(format.rawValue)/\(name)").document
        }

        // MARK: What is kept

        @Test(arguments: OutputFormat.allCases)
        func everyFieldIsKeptOrInTheTable(_ format: OutputFormat) async throws {
            let corpus = try MetadataCorpus(in: folder)
            let exceptions = try MetadataTable().patterns(format)
            let variants = try await colored(corpus.path, format, "--no-sheet", "--no-uncertainty")
            var kept = 0
            for (file, original) in try ExifTool.read([corpus.path]) {
                let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
                let variant = try #require(variants[name], "\(name)")
                for (key, value) in original where !MetadataTable.isAboutTheFile(key) {
                    if variant[key] == value {
                        kept += 1
                    } else if !exceptions.contains(where: { MetadataTable.matches(key, $0) }) {
                        Issue.record(
                            "\(format) \(name): \(key) was \(value) and is \(String(describing: variant[key]))")
                    }
                }
                try expectDisclosed(variant, file, "\(format) \(name)")
                expectTrue(variant, original, "\(format) \(name)")
            }
            #expect(kept > 100)
            try expectNoComplaints(format, variants.keys)
        }

        /// Whether a variant says what it is.
        private func expectDisclosed(_ fields: ExifTool.Fields, _ original: String, _ what: String) throws {
            let hash = try ContentHash(file: original).hex
            #expect(fields["XMP-iptcExt:DigitalSourceType"] as? String == Disclosure.digitalSourceType, "\(what)")
            let origin = fields["XMP-xmpMM:DerivedFrom"] as? [String: AnyHashable]
            #expect(origin?["VersionID"] as? String == "sha256:" + hash, "\(what)")
            let history = fields["XMP-xmpMM:History"] as? [[String: AnyHashable]]
            let agent = history?.last?["SoftwareAgent"] as? String
            let parameters = history?.last?["Parameters"] as? String
            #expect(agent?.hasPrefix("Autochrome ") == true, "\(what)")
            #expect(parameters?.contains("are a guess") == true, "\(what)")
            #expect(parameters?.contains(hash) == true, "\(what)")
            #expect(!fields.values.contains { "\($0)".contains("{autochrome") }, "\(what): a mark is left")
        }

        /// Whether what the table calls changed is true of the new file.
        private func expectTrue(_ fields: ExifTool.Fields, _ original: ExifTool.Fields, _ what: String) {
            #expect(fields["IFD0:Orientation"] as? Int == 1, "\(what)")
            #expect(fields["ExifIFD:ColorSpace"] as? Int == 1, "\(what)")
            #expect(fields["ICC_Profile:ProfileDescription"] as? String == "sRGB", "\(what)")
            #expect(!fields.keys.contains { $0.hasPrefix("IFD1") }, "\(what): a thumbnail")
            if let source = original["XMP-iptcExt:DigitalSourceType"] {
                let history = fields["XMP-xmpMM:History"].map { "\($0)" } ?? ""
                #expect(history.contains("\(source)"), "\(what)")
            }
            guard original["IFD0:XResolution"] as? Int == 300, original["IFD0:YResolution"] as? Int == 200 else {
                return
            }
            let isOnItsSide = (original["IFD0:Orientation"] as? Int ?? 1) > 4
            #expect(fields["IFD0:XResolution"] as? Int == (isOnItsSide ? 200 : 300), "\(what)")
            #expect(fields["IFD0:YResolution"] as? Int == (isOnItsSide ? 300 : 200), "\(what)")
        }

        private func expectNoComplaints(_ format: OutputFormat, _ names: some Sequence<String>) throws {
            let files = names.sorted().map { "\(folder.path)/out-\(format.rawValue)/\($0)/01.\(format.fileExtension)" }
            // exiftool knows the methods of TIFF 6.0 alone; Deflate came in a supplement.
            let known = "Invalid value for IFD0 tag 0x0103 Compression"
            #expect(try ExifTool.complaints(files).filter { format != .tiff || $0 != known } == [])
        }

        @Test func theDocumentNamesWhatIsLost() async throws {
            let corpus = try MetadataCorpus(in: folder)
            _ = try await colored(corpus.path, .png, "--no-sheet", "--no-uncertainty")
            func dropped(_ name: String) throws -> [String] {
                let metadata = try document(name, .png)["metadata"] as? [String: Any]
                return metadata?["dropped"] as? [String] ?? []
            }
            #expect(try dropped("camera").contains("the thumbnail"))
            #expect(try dropped("phone").contains("Xmp.mwg-rs.Regions"))
            #expect(try dropped("iptc").contains("IPTC 2:22") && dropped("digikam").isEmpty)
            let metadata = try #require(document("iptc", .png)["metadata"] as? [String: Any])
            #expect(metadata["policy"] as? String == "keep" && metadata["iptc"] as? Int ?? 0 > 20)
        }

        /// XMP has filled the places where IPTC's values would go, and PNG has no others.
        @Test func whatIPTCAloneSaysIsNamedWhereItIsLost() async throws {
            let photographs = try folder.makeFolder("in")
            let file = photographs + "/two forms.jpg"
            try FileManager.default.copyItem(atPath: Repository.root + "/Samples/camera.jpg", toPath: file)
            try ExifTool.write(
                [
                    "-IPTC:Keywords=family", "-IPTC:Keywords=garden", "-XMP-dc:Subject=family", "-IPTC:City=Ulm",
                    "-IPTC:Caption-Abstract=Box 12", "-XMP-dc:Description=Scan",
                ], to: file)
            let fields = try #require(try await colored(photographs, .png)["two forms"])
            #expect(
                fields["XMP-dc:Description"] as? String == "Scan" && fields["XMP-photoshop:City"] as? String == "Ulm")
            let metadata = try #require(document("two forms", .png)["metadata"] as? [String: Any])
            #expect(metadata["dropped"] as? [String] == ["IPTC 2:25", "IPTC 2:120"])
        }

        // MARK: Settings

        @Test(arguments: OutputFormat.allCases)
        func minimalMeansDatesAndDisclosureAlone(_ format: OutputFormat) async throws {
            let photographs = try folder.makeFolder("in")
            let corpus = try MetadataCorpus(in: folder)
            for name in ["camera", "phone", "iptc"] {
                try FileManager.default.moveItem(
                    atPath: "\(corpus.path)/\(name).jpg", toPath: "\(photographs)/\(name).jpg")
            }
            let variants = try await colored(photographs, format, "--metadata", "minimal")
            for (name, fields) in variants {
                try expectDisclosed(fields, "\(photographs)/\(name).jpg", name)
                let text = fields.map { "\($0) \($1)" }.joined(separator: "\n")
                for secret in ["GPS", "Canon", "Apple", "Jane", "Hamburg"] {
                    #expect(!text.contains(secret), "\(name): \(secret)")
                }
            }
            #expect(variants["camera"]?["ExifIFD:DateTimeOriginal"] as? String == "2011:06:05 10:11:12")
            let metadata = try #require(document("camera", format)["metadata"] as? [String: Any])
            #expect(metadata["policy"] as? String == "minimal" && metadata["exif"] as? Int ?? 0 > 0)
            #expect(metadata["dropped"] as? [String] == ["all but the dates"])
        }

        /// Who keeps a place to himself keeps it when he has variants drawn anew.
        @Test func whatIsDrawnAnewTellsNoMoreThanBefore() async throws {
            let photographs = try folder.makeFolder("in")
            let corpus = try MetadataCorpus(in: folder)
            try FileManager.default.moveItem(atPath: corpus.path + "/phone.jpg", toPath: photographs + "/phone.jpg")
            _ = try await colored(photographs, .jpeg, "--metadata", "minimal", "--sidecars", "xmp", "--no-mode-first")
            let result = folder.path + "/out-jpeg/phone"
            let before = folder.list("out-jpeg/phone")
            let outcome = try await Child.run("reroll", result)
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(folder.list("out-jpeg/phone") == before && before.contains { $0.hasSuffix(".xmp") })
            for (file, fields) in try ExifTool.read([result]) {
                #expect(!fields.keys.contains { $0.hasPrefix("GPS") || $0.hasSuffix(":Make") }, "\(file)")
            }
        }

        @Test func sheetAndMapTellNoPlace() async throws {
            let photographs = try folder.makeFolder("in")
            let corpus = try MetadataCorpus(in: folder)
            try FileManager.default.moveItem(atPath: corpus.path + "/phone.jpg", toPath: photographs + "/phone.jpg")
            let variants = try await colored(photographs, .jpeg)
            #expect(variants["phone"]?["GPS:GPSLatitude"] as? Double == 52.5)
            let result = folder.path + "/out-jpeg/phone/"
            for (file, fields) in try ExifTool.read([result + "sheet.jpg", result + "uncertainty.png"]) {
                try expectDisclosed(fields, photographs + "/phone.jpg", file)
                #expect(!fields.keys.contains { $0.hasPrefix("GPS") } && fields["IFD0:Make"] == nil, "\(file)")
            }
        }

        @Test func aSidecarSaysWhatTheVariantSays() async throws {
            let photographs = try folder.makeFolder("in")
            let corpus = try MetadataCorpus(in: folder)
            try FileManager.default.moveItem(atPath: corpus.path + "/lightroom.jpg", toPath: photographs + "/a.jpg")
            let variants = try await colored(
                photographs, .jpeg, "--no-sheet", "--no-uncertainty", "--sidecars", "xmp")
            #expect(folder.list("out-jpeg/a") == ["01.jpg", "01.jpg.xmp", "a.json"])
            let sidecar = folder.path + "/out-jpeg/a/01.jpg.xmp"
            let fields = try #require(try ExifTool.read([sidecar])[sidecar])
            let inside = try #require(variants["a"]).filter { $0.key.hasPrefix("XMP-") }
            #expect(inside.count > 20 && fields.filter { $0.key.hasPrefix("XMP-") } == inside)
        }

        @Test func aChoiceIsTheSidecarsRatingAndLabel() async throws {
            let photographs = try folder.makeFolder("in")
            let corpus = try MetadataCorpus(in: folder)
            for name in ["phone", "lightroom"] {
                try FileManager.default.moveItem(
                    atPath: "\(corpus.path)/\(name).jpg", toPath: "\(photographs)/\(name).jpg")
            }
            let outcome = try await Child.run(
                "colorize", photographs, "--output", folder.path + "/out", "--samples", "2", "--no-sheet",
                "--no-uncertainty", "--sidecars", "xmp")
            #expect(outcome.code == 0, "\(outcome.errors)")
            func marks(_ file: String) throws -> [String?] {
                let path = folder.path + "/out/" + file
                let fields = try #require(try ExifTool.read([path])[path])
                return ["XMP-xmp:Rating", "XMP-xmp:Label"].map { fields[$0].map { "\($0)" } }
            }
            func choose(_ arguments: String...) async throws {
                let child = try Child(
                    ["choose"] + ["phone", "lightroom"].map { "\(folder.path)/out/\($0)" } + arguments)
                let outcome = await child.wait()
                #expect(outcome.code == 0, "\(outcome.errors)")
            }
            let before = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out/phone/02.jpg.xmp"))
            try await choose("--variant", "2")
            #expect(try marks("phone/02.jpg.xmp") == ["5", "Chosen"])
            #expect(try marks("phone/01.jpg.xmp") == [nil, nil])
            // The photograph's own rating and label stay.
            #expect(try marks("lightroom/02.jpg.xmp") == ["4", "Red"])
            try await choose("--variant", "1")
            #expect(try marks("phone/01.jpg.xmp") == ["5", "Chosen"])
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out/phone/02.jpg.xmp")) == before)
            // A choice that goes over to a new result marks its sidecar.
            let again = try await Child.run(
                "reprocess", folder.path + "/out/phone", "--force", "--samples", "2", "--no-sheet", "--no-uncertainty",
                "--sidecars", "xmp")
            #expect(again.code == 0, "\(again.errors)")
            #expect(try marks("phone/01.jpg.xmp") == ["5", "Chosen"] && marks("phone/02.jpg.xmp") == [nil, nil])
        }

        // MARK: Broken metadata

        @Test func brokenMetadataCostNoPicture() async throws {
            let photographs = try folder.makeFolder("in")
            let broken = try BrokenMetadata.all(
                plain: try Data(contentsOf: URL(fileURLWithPath: Repository.root + "/Samples/camera.jpg")))
            for (name, bytes) in broken { try folder.write(bytes, "in/" + name) }
            let variants = try await colored(photographs, .jpeg, "--no-sheet", "--no-uncertainty")
            for (name, _) in broken {
                let stem = String(name.prefix { $0 != "." })
                let variant = try #require(variants[stem], "\(name) has no result")
                try expectDisclosed(variant, photographs + "/" + name, name)
                let warnings = try document(stem, .jpeg)["warnings"] as? [String] ?? []
                #expect(warnings.contains { $0.contains("cannot be read") }, "\(name): \(warnings)")
            }
            try expectNoComplaints(.jpeg, variants.keys)
        }
    }
}
