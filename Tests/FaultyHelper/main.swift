import Foundation
import Imaging

// A decode helper whose decoder does what the end of the file says: "fault: NAME". Other files it decodes honestly.

/// Sends a message as a decoder would that has been taken over.
func answer(_ text: String, _ answers: Int32) {
    var bytes = Array(text.utf8)
    bytes.withUnsafeMutableBytes { buffer in
        var part = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
        withUnsafeMutablePointer(to: &part) { part in
            var message = msghdr()
            message.msg_iov = part
            message.msg_iovlen = 1
            _ = sendmsg(answers, &message, 0)
        }
    }
}

/// The memory for pixels, which comes next.
func receiveMemory(_ answers: Int32) -> Int32 {
    var control = [UInt64](repeating: 0, count: 16)
    var data = [UInt8](repeating: 0, count: 64)
    control.withUnsafeMutableBytes { control in
        data.withUnsafeMutableBytes { data in
            var part = iovec(iov_base: data.baseAddress, iov_len: data.count)
            withUnsafeMutablePointer(to: &part) { part in
                var message = msghdr()
                message.msg_iov = part
                message.msg_iovlen = 1
                message.msg_control = control.baseAddress
                message.msg_controllen = control.count
                _ = recvmsg(answers, &message, 0)
            }
        }
    }
    // Behind the header of the one control message.
    return Int32(truncatingIfNeeded: control[2])
}

func fill(_ memory: Int32, with value: Float) {
    let size = Int(lseek(memory, 0, SEEK_END))
    let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0)!
    base.bindMemory(to: Float.self, capacity: size / 4).update(repeating: value, count: size / 4)
}

func header(_ size: String = #""width":40,"height":30"#) -> String {
    """
    {"header":{"_0":{\(size),"hasAlpha":false,"bitDepth":8,"format":"png","dates":{},"warnings":[]}}}
    """
}

try DecodeHelper.run { file, answers in
    var bytes = [UInt8](repeating: 0, count: 64)
    let length = lseek(file, 0, SEEK_END)
    let count = pread(file, &bytes, bytes.count, max(0, length - bytes.count))
    guard let fault = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "fault: ").dropFirst().last
    else { return }
    switch fault {
    case "crash": UnsafeMutablePointer<UInt8>(bitPattern: 8)!.pointee = 1
    case "abort": abort()
    case "exit": exit(3)
    case "hang": while true { sleep(1000) }
    case "spin": while true {}
    case "grow":
        while true { memset(malloc(1 << 20)!, 1, 1 << 20) }
    case "garbage": answer("\u{1}\u{2}{{{", answers)
    case "no header": answer(#"{"decoded":{"hasChroma":false}}"#, answers)
    case "no pixels":
        answer(header(), answers)
        exit(0)
    case "empty size": answer(header(#""width":0,"height":30"#), answers)
    case "negative size": answer(header(#""width":-40,"height":30"#), answers)
    case "huge size": answer(header(#""width":3000000000,"height":3000000000"#), answers)
    case "false colours":
        answer(header(), answers)
        fill(receiveMemory(answers), with: Float.nan)
        answer(#"{"decoded":{"hasChroma":true}}"#, answers)
        exit(0)
    case "long reason":
        answer(
            #"{"refused":{"_0":{"kind":"damaged","code":0,"reason":"\#(String(repeating: #"x\u001b\n"#, count: 900))"}}}"#,
            answers)
    case "linger":
        answer(#"{"refused":{"_0":{"kind":"damaged","code":0,"reason":"no"}}}"#, answers)
        while true { sleep(1000) }
    default: fatalError("unknown fault \(fault)")
    }
}
