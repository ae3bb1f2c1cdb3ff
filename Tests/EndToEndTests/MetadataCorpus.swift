import Foundation
import Imaging
import TestSupport

/// Photographs with rich metadata, made with exiftool.
struct MetadataCorpus {
    let path: String

    /// A camera's, with a thumbnail and colours that are not sRGB.
    private static let camera = [
        "-Make=Canon", "-Model=Canon EOS 5D", "-LensModel=EF50mm", "-FNumber=1.8", "-ExposureTime=1/250", "-ISO=400",
        "-DateTimeOriginal=2011:06:05 10:11:12", "-CreateDate=2011:06:05 10:11:12", "-ModifyDate=2012:01:02 03:04:05",
        "-SubSecTimeOriginal=42", "-OffsetTimeOriginal=+02:00", "-Artist=Jane Doe", "-Copyright=(c) Jane Doe",
        "-ImageDescription=A harbour", "-UserComment=hand held", "-Software=Firmware 1.2", "-SerialNumber=123",
        "-ImageUniqueID=0123456789abcdef0123456789abcdef", "-Flash=16", "-MeteringMode=5", "-XResolution=300",
        "-YResolution=200", "-ColorSpace=65535", "-InteropIndex=R03", "-Rating=4", "-OwnerName=Owner",
        "-SubjectArea=10 10 5 5", "-FocalPlaneXResolution=5000", "-FocalPlaneYResolution=4000", "-WhiteBalance=1",
    ]
    /// A phone's, held upright, with a place, a face and a short film.
    private static let phone = [
        "-n", "-Make=Apple", "-Model=iPhone 12", "-Orientation=6", "-GPSLatitude=52.5", "-GPSLatitudeRef=N",
        "-GPSLongitude=13.4", "-GPSLongitudeRef=E", "-GPSAltitude=34", "-GPSTimeStamp=10:11:12",
        "-GPSDateStamp=2020:01:02", "-GPSImgDirection=123.4", "-GPSProcessingMethod=GPS",
        "-DateTimeOriginal=2020:01:02 11:11:12",
        "-XResolution=300", "-YResolution=200", "-XMP-GCamera:MotionPhoto=1", "-XMP-mwg-rs:RegionName=Ann",
        "-XMP-mwg-rs:RegionAreaX=0.5",
    ]
    private static let iptc = [
        "-codedcharacterset=utf8", "-IPTC:ObjectName=Hafen Übersee", "-IPTC:Keywords=Hafen", "-IPTC:Keywords=Schiff",
        "-IPTC:Caption-Abstract=Ein Hafen", "-IPTC:By-line=Jürgen", "-IPTC:By-lineTitle=Fotograf",
        "-IPTC:Credit=Archiv",
        "-IPTC:Source=Nachlass", "-IPTC:CopyrightNotice=© Archiv", "-IPTC:City=Hamburg", "-IPTC:Sub-location=Hafen",
        "-IPTC:Province-State=Hamburg", "-IPTC:Country-PrimaryLocationName=Deutschland",
        "-IPTC:Country-PrimaryLocationCode=DEU", "-IPTC:Headline=Kopf", "-IPTC:SpecialInstructions=nur Presse",
        "-IPTC:OriginalTransmissionReference=REF1", "-IPTC:Writer-Editor=WE", "-IPTC:Urgency=5", "-IPTC:Category=ACE",
        "-IPTC:SupplementalCategories=x", "-IPTC:DateCreated=1931:05:06", "-IPTC:TimeCreated=12:13:14+01:00",
        "-IPTC:EditStatus=done", "-IPTC:FixtureIdentifier=F1", "-IPTC:ReleaseDate=2001:01:01",
    ]
    private static let lightroom = [
        "-XMP-dc:Title=Old harbour", "-XMP-dc:Title-de=Alter Hafen", "-XMP-dc:Description=A view",
        "-XMP-dc:Creator=Jane",
        "-XMP-dc:Creator+=Joe", "-XMP-dc:Rights=(c) J & J <all>", "-XMP-dc:Subject=a", "-XMP-dc:Subject+=b",
        "-XMP-dc:Identifier=ID7", "-XMP-dc:Source=Box12", "-XMP-xmpRights:UsageTerms=CC BY",
        "-XMP-xmpRights:WebStatement=http://example.org/", "-XMP-xmpRights:Marked=True", "-XMP-xmp:Rating=4",
        "-XMP-xmp:Label=Red", "-XMP-xmp:CreatorTool=Lightroom 9", "-XMP-xmp:MetadataDate=2020:01:01 10:00:00+01:00",
        "-XMP-xmp:CreateDate=1931:05", "-XMP-photoshop:City=X", "-XMP-photoshop:Headline=H",
        "-XMP-photoshop:Instructions=I",
        "-XMP-lr:HierarchicalSubject=a|b", "-XMP-crs:Exposure2012=+0.5", "-XMP-crs:HasCrop=False",
        "-XMP-xmpMM:DocumentID=xmp.did:aaa", "-XMP-xmpMM:InstanceID=xmp.iid:bbb", "-XMP-xmpMM:OriginalDocumentID=orig1",
        "-XMP-xmpMM:DerivedFromDocumentID=xmp.did:old", "-XMP-xmpMM:HistoryAction=saved",
        "-XMP-xmpMM:HistorySoftwareAgent=LR", "-XMP-xmpMM:HistoryWhen=2020:01:01 10:00:00", "-XMP-tiff:Orientation=1",
        "-XMP-aux:Lens=L", "-XMP-exif:FNumber=2.8",
    ]
    private static let digikam = [
        "-XMP-digiKam:TagsList=Orte/Hamburg", "-XMP-digiKam:ColorLabel=3", "-XMP-digiKam:PickLabel=2",
        "-XMP-MicrosoftPhoto:LastKeywordXMP=Orte/Hamburg", "-XMP-acdsee:Rating=3",
        "-XMP-mwg-rs:RegionAppliedToDimensionsW=165", "-XMP-mwg-rs:RegionAppliedToDimensionsH=165",
        "-XMP-mwg-rs:RegionAppliedToDimensionsUnit=pixel", "-XMP-mwg-rs:RegionName=Ann", "-XMP-mwg-rs:RegionType=Face",
        "-XMP-mwg-rs:RegionAreaX=0.5", "-XMP-mwg-rs:RegionAreaY=0.5", "-XMP-mwg-rs:RegionAreaW=0.1",
        "-XMP-mwg-rs:RegionAreaH=0.1", "-XMP-mwg-rs:RegionAreaUnit=normalized",
    ]
    private static let core = [
        "-XMP-iptcCore:CreatorCity=B", "-XMP-iptcCore:CreatorWorkEmail=a@b.c", "-XMP-iptcCore:Location=L",
        "-XMP-iptcCore:CountryCode=DEU", "-XMP-iptcCore:IntellectualGenre=Feature", "-XMP-iptcCore:Scene=011",
        "-XMP-iptcCore:SubjectCode=01000000", "-XMP-iptcCore:AltTextAccessibility=alt text",
        "-XMP-iptcExt:PersonInImage=P1", "-XMP-iptcExt:Event=E",
        "-XMP-iptcExt:DigitalSourceType=http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm",
        "-XMP-iptcExt:DigitalImageGUID=guid1", "-XMP-iptcExt:LocationCreatedCity=C",
        "-XMP-iptcExt:LocationShownCountryName=N", "-XMP-iptcExt:ArtworkTitle=T", "-XMP-iptcExt:ArtworkCreator=AC",
        "-XMP-iptcExt:RegistryItemID=R1", "-XMP-plus:LicensorName=LN", "-XMP-plus:ImageSupplierImageID=IS1",
        "-XMP-plus:CopyrightOwnerName=CO", "-XMP-plus:DataMining=DMI-PROHIBITED",
    ]
    /// A scanner's, 16 bits deep.
    private static let scanner = [
        "-Make=Epson", "-Model=V850", "-Software=VueScan", "-DocumentName=Box 12, no 7", "-PageName=7",
        "-Artist=Archive", "-HostComputer=pc", "-ImageDescription=Neg 7", "-DateTimeOriginal=1931:05:06 12:00:00",
        "-IPTC:Caption-Abstract=Neg", "-IPTC:Keywords=k1", "-XMP-dc:Identifier=inv-7",
    ]
    private static let texts = [
        "-PNG:Title=PNG title", "-PNG:Author=PNG author", "-PNG:Copyright=PNG (c)", "-PNG:Description=PNG text",
        "-PNG:Comment=a comment", "-EXIF:Artist=E", "-XMP-dc:Subject=s1",
    ]

    /// Makes the photographs in a folder.
    init(in folder: TemporaryFolder) throws {
        path = try folder.makeFolder("corpus")
        let jpeg = Repository.root + "/Samples/camera.jpg"
        let plain = try folder.write(
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: jpeg))), "plain.jpg")
        try add("camera.jpg", jpeg, Self.camera + ["-ThumbnailImage<=\(plain)"])
        try add("phone.jpg", jpeg, Self.phone)
        try add("iptc.jpg", jpeg, Self.iptc)
        try add(
            "latin.jpg", jpeg, ["-charset", "iptc=latin", "-IPTC:Caption-Abstract=Größe", "-IPTC:Keywords=Käse"])
        try add("lightroom.jpg", jpeg, Self.lightroom)
        try add("digikam.jpg", jpeg, Self.digikam)
        try add("core.jpg", jpeg, Self.core)
        try add("toned.jpg", Repository.root + "/Samples/rocket-sepia.jpg", ["-EXIF:Artist=E", "-Comment=a comment"])
        try add("scanner.tif", Repository.root + "/Samples/coffee-16bit.tif", Self.scanner)
        try add("texts.png", folder.write(Pictures.gray(), "gray.png"), Self.texts)
        for (index, profile) in try Self.profiles(folder).enumerated() {
            try add(
                "profile\(index).png", folder.file("gray.png"), ["-ICC_Profile<=\(profile)", "-EXIF:Artist=E\(index)"])
        }
        try add("web.webp", Self.webp(folder), ["-all=", "-EXIF:Artist=E", "-DateTimeOriginal=2001:02:03 04:05:06"])
        for orientation in 1...8 {
            try add(
                "turned\(orientation).jpg", jpeg,
                [
                    "-n", "-Orientation=\(orientation)", "-XResolution=300", "-YResolution=200", "-Artist=A",
                    "-XMP-dc:Title=T",
                ])
        }
    }

    private func add(_ name: String, _ base: String, _ arguments: [String]) throws {
        try FileManager.default.copyItem(atPath: base, toPath: path + "/" + name)
        try ExifTool.write(arguments, to: path + "/" + name)
    }

    private static func webp(_ folder: TemporaryFolder) throws -> String {
        try Vips.start()
        let disclosure = Disclosure(version: "1", model: "m", modelHash: "", seed: 1)
        try RGBImage(width: 80, height: 60, gray: 90).write(
            to: folder.file("base.webp"), options: OutputOptions(format: .webp), disclosure: disclosure)
        return folder.file("base.webp")
    }

    /// Profiles of gray, of sRGB and of nothing that is one.
    private static func profiles(_ folder: TemporaryFolder) throws -> [String] {
        let written = try webp(folder)
        try ExifTool.run(["-q", "-q", "-icc_profile", "-b", "-w!", "%0f\(folder.path)/%f.icc", written])
        let rgb = folder.file("base.icc")
        return [
            rgb, try folder.write(grayProfile, "gray.icc"),
            try folder.write([UInt8](repeating: 7, count: 300), "bad.icc"),
        ]
    }

    /// An ICC profile of gray with a gamma of 2.2, version 2.
    private static let grayProfile: [UInt8] = {
        func big(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(value >> (8 * $0) & 255) }
        }
        func text(_ text: String) -> [UInt8] { Array(text.utf8) }
        func joined(_ parts: [[UInt8]]) -> [UInt8] { parts.flatMap { $0 } }
        func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
        let daylight = joined([big(0xF6D6, 4), big(0x10000, 4), big(0xD32D, 4)])
        let tags: [(name: String, content: [UInt8])] = [
            ("desc", joined([text("desc"), zeros(4), big(5, 4), text("gray"), zeros(79)])),
            ("wtpt", joined([text("XYZ "), zeros(4), daylight])),
            ("kTRC", joined([text("curv"), zeros(4), big(1, 4), [2, 51, 0, 0]])),
        ]
        var table = big(tags.count, 4)
        var data: [UInt8] = []
        for tag in tags {
            let place = 128 + 4 + 12 * tags.count + data.count
            table += joined([text(tag.name), big(place, 4), big(tag.content.count, 4)])
            data += tag.content
            data += zeros((4 - tag.content.count % 4) % 4)
        }
        let size = 128 + table.count + data.count
        let header = joined([
            big(size, 4), zeros(4), big(0x0210_0000, 4), text("mntrGRAYXYZ "), zeros(12), text("acsp"), zeros(28),
            daylight,
        ])
        return joined([header, zeros(128 - header.count), table, data])
    }()
}
