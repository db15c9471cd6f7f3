import QRCode from "react-qr-code";
import classes from "./QrCode.module.css";

type Props = { value: string; size: number; title: string };

/** A text to scan. */
export function QrCode({ value, size, title }: Props) {
  return (
    <div className={classes.qr}>
      <QRCode value={value} size={size} title={title} />
    </div>
  );
}
